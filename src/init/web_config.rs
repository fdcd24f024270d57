//! The web.config of `init`: written only where IIS has to do what the application does not.

use super::{StaticFiles, Survey};

/// The file, when there is none and the defaults do not do. The FastCGI application is added to it when the package is
/// built.
pub(super) fn text(survey: &Survey) -> Option<String> {
    let layout = &survey.project.layout;
    if layout.web_config.is_some() || layout.web_config_template.is_some() {
        return None;
    }
    let Some(StaticFiles::Iis(folder)) = survey.django.as_ref().map(|django| &django.static_files) else {
        return None;
    };
    Some(format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <!-- `iiswsgi package` adds the handler of the application to this file. Here stands what it shall not do: IIS serves the
       files that `manage.py collectstatic` has gathered in `{folder}`. -->
  <location path="{folder}">
    <system.webServer>
      <handlers>
        <clear />
        <add name="StaticFile" path="*" verb="*" modules="StaticFileModule" resourceType="File" requireAccess="Read" />
      </handlers>
    </system.webServer>
  </location>
</configuration>
"#
    ))
}
