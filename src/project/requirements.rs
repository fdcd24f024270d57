//! What `pip install` needs for the application to run: requirement files, the project itself, or its dependencies.

use super::layout::Layout;

/// The requirements in the text of a requirements file: without comments and options.
pub(super) fn requirements_of(text: &str) -> Vec<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines = joined.lines().map(|line| {
        let line = line.trim();
        let comment = line.find(" #").or_else(|| line.starts_with('#').then_some(0));
        comment.map_or(line, |at| &line[..at]).trim().to_owned()
    });
    lines.filter(|line| !line.is_empty() && !line.starts_with('-')).collect()
}

/// The arguments for pip. A `requirements.txt` says what is needed; a project with a build system is installed as well,
/// because its own entry points may be needed. Without either, the dependencies stand for themselves.
pub(super) fn arguments(layout: &Layout, dependencies: &[String]) -> Vec<String> {
    let mut arguments: Vec<String> = layout.requirements.iter().map(|file| format!("-r {file}")).collect();
    if layout.build_system || layout.setup_py.is_some() {
        arguments.push(".".into());
    } else if arguments.is_empty() {
        arguments.extend_from_slice(dependencies);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirement_files_are_read_without_comments_and_options() {
        let text = "# all\n-r base.txt\nflask>=3  # web\ndjango \\\n  >=4\n\n--hash=x\nx @ git+https://e.org/x#egg=x\n";
        assert_eq!(requirements_of(text), ["flask>=3", "django    >=4", "x @ git+https://e.org/x#egg=x"]);
    }

    #[test]
    fn the_project_is_installed_when_it_can_be_built() {
        let dependencies = ["flask".to_owned()];
        let layout = Layout::default();
        assert_eq!(arguments(&layout, &dependencies), ["flask"]);
        let layout = Layout { requirements: Some("requirements.txt".into()), ..layout };
        assert_eq!(arguments(&layout, &dependencies), ["-r requirements.txt"]);
        let layout = Layout { build_system: true, ..layout };
        assert_eq!(arguments(&layout, &dependencies), ["-r requirements.txt", "."]);
    }
}
