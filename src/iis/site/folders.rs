//! Which folder a URL of an application leads to: the application's own, or that of one of its virtual directories.
//!
//! As in IIS, the virtual directory with the longest path decides, compared step by step and without regard to case
//! (IIS configuration reference: `system.applicationHost/sites/site/application/virtualDirectory`). Nothing here looks
//! at the disk.

use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// The folders of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    own: PathBuf,
    /// Path below the application, as `/media`, and folder; the longest path first.
    virtual_directories: Vec<(String, PathBuf)>,
}

impl Folders {
    /// The folder of the application, and of its virtual directories by their path below it. One with the path `/` is the
    /// application itself and does not count.
    pub fn new(own: PathBuf, virtual_directories: impl IntoIterator<Item = (String, PathBuf)>) -> Self {
        let mut virtual_directories: Vec<_> =
            virtual_directories.into_iter().filter(|(path, _)| steps(path).next().is_some()).collect();
        virtual_directories.sort_by_key(|(path, _)| std::cmp::Reverse(steps(path).count()));
        Self { own, virtual_directories }
    }

    /// The folder of the application itself.
    pub fn own(&self) -> &Path {
        &self.own
    }

    /// Whether there is no virtual directory.
    pub fn is_single(&self) -> bool {
        self.virtual_directories.is_empty()
    }

    /// The folder that a decoded path below the application leads into, and what of the path is left in there: nothing, or
    /// a path that begins with `/`.
    pub fn lead<'p>(&self, below: &'p str) -> (&Path, &'p str) {
        let (folder, rest) = self.lead_bytes(below.as_bytes());
        (folder, &below[below.len() - rest.len()..])
    }

    /// The file that a decoded path below the application would be; bytes that are no UTF-8 stay.
    pub fn physical(&self, below: &[u8]) -> Vec<u8> {
        let (folder, rest) = self.lead_bytes(below);
        let mut path = folder.to_string_lossy().into_owned().into_bytes();
        path.extend(rest.iter().map(|&byte| if byte == b'/' { MAIN_SEPARATOR as u8 } else { byte }));
        path
    }

    fn lead_bytes<'p>(&self, below: &'p [u8]) -> (&Path, &'p [u8]) {
        let found = self.virtual_directories.iter().find_map(|(path, folder)| {
            let rest = behind(below, path)?;
            Some((folder.as_path(), rest))
        });
        found.unwrap_or((&self.own, below))
    }
}

impl From<PathBuf> for Folders {
    fn from(own: PathBuf) -> Self {
        Self::new(own, [])
    }
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|step| !step.is_empty())
}

/// What of a path comes behind the steps of another; none when it does not begin with them.
fn behind<'p>(below: &'p [u8], path: &str) -> Option<&'p [u8]> {
    steps(path).try_fold(below, |rest, step| {
        let rest = rest.strip_prefix(b"/")?;
        let (head, rest) = rest.split_at(rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len()));
        (String::from_utf8_lossy(head).to_lowercase() == step.to_lowercase()).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders() -> Folders {
        let directories = [("/", "/x"), ("/media", "/d/media"), ("/Media/Größe", "/e")];
        Folders::new(
            "/srv/app".into(),
            directories.map(|(path, folder)| (path.to_owned(), PathBuf::from(folder))),
        )
    }

    #[test]
    fn the_longest_virtual_directory_decides_whatever_its_case() {
        for (below, folder, rest) in [
            ("/", "/srv/app", "/"),
            ("/a/media/b", "/srv/app", "/a/media/b"),
            ("/mediator", "/srv/app", "/mediator"),
            ("/media", "/d/media", ""),
            ("/MEDIA/a.css", "/d/media", "/a.css"),
            ("/media/größe/", "/e", "/"),
            ("/media/größer", "/d/media", "/größer"),
        ] {
            assert_eq!(folders().lead(below), (Path::new(folder), rest), "{below}");
        }
    }

    #[test]
    fn a_file_lies_in_the_folder_that_its_path_leads_to() {
        let physical =
            |below: &[u8]| String::from_utf8_lossy(&folders().physical(below)).replace(MAIN_SEPARATOR, "/");
        assert_eq!(physical(b"/x/y"), "/srv/app/x/y");
        assert_eq!(physical(b"/media/a b.css"), "/d/media/a b.css");
        assert_eq!(physical(b"/media/\xff"), "/d/media/\u{fffd}");
        assert_eq!(physical(b"/media"), "/d/media");
    }
}
