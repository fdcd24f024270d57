//! The section of HttpPlatformHandler (`system.webServer/httpPlatform`): the program that it starts and how it deals with it.
//!
//! Names, defaults and ranges follow the HttpPlatformHandler configuration reference and `httpPlatform_schema.xml`.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::read::{Fault, NotSimulated, collection, fault, note, take_flag, take_number, text};
use crate::xml::Element;

/// How the module runs its program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpPlatform {
    /// The program as written; empty when the files name none.
    pub process_path: String,
    /// Its arguments as written.
    pub arguments: String,
    /// How long it may take until it listens.
    pub startup_time_limit: Duration,
    /// How often it is started again when it does not listen in time.
    pub startup_retry_count: u32,
    /// How often it may fail within a minute.
    pub rapid_fails_per_minute: usize,
    /// How long the module waits for an answer, and for each further piece of it; zero is for ever.
    pub request_timeout: Duration,
    /// The file that takes what it prints, without number and ending; none when nothing is kept.
    pub stdout_log_file: Option<String>,
    /// How many processes there are.
    pub processes_per_application: usize,
    /// The variables that a process gets, as written.
    pub environment: Vec<(String, String)>,
    /// Files whose change brings new processes, as written.
    pub recycle_on_file_change: Vec<String>,
}

impl Default for HttpPlatform {
    fn default() -> Self {
        Self {
            process_path: String::new(),
            arguments: String::new(),
            startup_time_limit: Duration::from_secs(10),
            startup_retry_count: 10,
            rapid_fails_per_minute: 10,
            request_timeout: Duration::from_secs(120),
            stdout_log_file: None,
            processes_per_application: 1,
            environment: Vec::new(),
            recycle_on_file_change: Vec::new(),
        }
    }
}

/// The name of the log file when none is given.
const LOG_FILE: &str = "httpplatform-stdout";

impl HttpPlatform {
    pub(super) fn read(&mut self, element: Element<'_>, notes: &mut Vec<NotSimulated>) -> Result<(), Fault> {
        for (name, into) in [("processPath", &mut self.process_path), ("arguments", &mut self.arguments)] {
            if let Some(value) = element.attribute_ignore_case(name) {
                value.clone_into(into);
            }
        }
        take_seconds(element, "startupTimeLimit", 3_600, &mut self.startup_time_limit)?;
        take_within(element, "startupRetryCount", 0..=100, &mut self.startup_retry_count)?;
        take_within(element, "rapidFailsPerMinute", 0..=100, &mut self.rapid_fails_per_minute)?;
        take_within(element, "processesPerApplication", 1..=100, &mut self.processes_per_application)?;
        if let Some(value) = element.attribute_ignore_case("requestTimeout") {
            let wrong =
                || fault(element, format!("`requestTimeout` must be a time as 00:02:00, not `{value}`"));
            self.request_timeout = time_span(value).ok_or_else(wrong)?;
        }
        self.read_log(element)?;
        let mut forwards = false;
        take_flag(element, "forwardWindowsAuthToken", &mut forwards)?;
        if forwards {
            let text = "`forwardWindowsAuthToken` is not imitated: nobody logs in here, so no `X-IIS-WindowsAuthToken` is sent";
            note(notes, element, text.to_owned());
        }
        self.read_collections(element)
    }

    fn read_log(&mut self, element: Element<'_>) -> Result<(), Fault> {
        let mut enabled = self.stdout_log_file.is_some();
        take_flag(element, "stdoutLogEnabled", &mut enabled)?;
        let named = element.attribute_ignore_case("stdoutLogFile").filter(|file| !file.trim().is_empty());
        let file = named.map(str::to_owned).or(self.stdout_log_file.take());
        self.stdout_log_file = enabled.then(|| file.unwrap_or_else(|| LOG_FILE.to_owned()));
        Ok(())
    }

    fn read_collections(&mut self, element: Element<'_>) -> Result<(), Fault> {
        for variables in element.children_named("environmentVariables") {
            if variables.children_named("clear").next().is_some() {
                self.environment.clear();
            }
            for remove in variables.children_named("remove") {
                let name = text(remove, "name");
                self.environment.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
            }
            let mut added = Vec::new();
            collection(variables, &mut added, &["name"], |add| Ok((text(add, "name"), text(add, "value"))))?;
            // What an inner file says of a variable stands in the place of what an outer one said.
            self.environment.retain(|(known, _)| {
                !added.iter().any(|(name, _): &(String, _)| name.eq_ignore_ascii_case(known))
            });
            self.environment.append(&mut added);
        }
        for files in element.children_named("recycleOnFileChange") {
            collection(files, &mut self.recycle_on_file_change, &["path"], |file| Ok(text(file, "path")))?;
        }
        Ok(())
    }
}

/// Sets a number when the attribute is there and in its range.
fn take_within<N>(
    element: Element<'_>,
    name: &str,
    range: RangeInclusive<N>,
    into: &mut N,
) -> Result<(), Fault>
where
    N: FromStr + PartialOrd + Display,
{
    take_number(element, name, into)?;
    if range.contains(into) {
        return Ok(());
    }
    let (min, max) = range.into_inner();
    Err(fault(element, format!("`{name}` must be a number from {min} to {max}, not `{into}`")))
}

fn take_seconds(element: Element<'_>, name: &str, max: u64, into: &mut Duration) -> Result<(), Fault> {
    let mut seconds = into.as_secs();
    take_within(element, name, 0..=max, &mut seconds)?;
    *into = Duration::from_secs(seconds);
    Ok(())
}

/// A time as configuration files write it: `[days.]hours:minutes:seconds`.
fn time_span(text: &str) -> Option<Duration> {
    let (days, rest) = match text.trim().split_once('.') {
        Some((days, rest)) => (days.parse().ok()?, rest),
        None => (0, text.trim()),
    };
    let parts: Vec<u64> = rest.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours @ 0..24, minutes @ 0..60, seconds @ 0..60] = parts[..] else { return None };
    let days: u64 = days;
    let all = days.checked_mul(86_400)?.checked_add(hours * 3_600 + minutes * 60 + seconds)?;
    Some(Duration::from_secs(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iis::site::{Configuration, Layer};
    use crate::xml::Document;

    fn read(sections: &[&str]) -> Result<Configuration, Fault> {
        let documents: Vec<_> = sections
            .iter()
            .map(|section| {
                Document::parse(format!(
                    "<configuration><system.webServer>{section}</system.webServer></configuration>"
                ))
                .unwrap()
            })
            .collect();
        let layers: Vec<_> =
            documents.iter().map(|document| Layer { document, base: "", inherited: false }).collect();
        Configuration::of(&layers, "/")
    }

    #[test]
    fn what_is_not_said_is_the_modules_default() {
        let configuration = read(&[r#"<httpPlatform processPath="python.exe"/>"#]).unwrap();
        let expected = HttpPlatform { process_path: "python.exe".into(), ..HttpPlatform::default() };
        assert_eq!(configuration.http_platform, expected);
        assert!(configuration.not_simulated.is_empty());
    }

    #[test]
    fn an_inner_file_counts_more_and_its_variables_stand_over_those_of_the_outer() {
        let outer = r#"<httpPlatform processPath="a" startupTimeLimit="60"><environmentVariables>
            <environmentVariable name="A" value="1"/><environmentVariable name="B" value="2"/></environmentVariables></httpPlatform>"#;
        let inner = r#"<httpPlatform processPath="b" requestTimeout="1.00:01:30" stdoutLogEnabled="true" processesPerApplication="3"
            rapidFailsPerMinute="0"><environmentVariables><environmentVariable name="b" value="3"/></environmentVariables>
            <recycleOnFileChange><file path=".\touch.txt"/></recycleOnFileChange></httpPlatform>"#;
        let platform = read(&[outer, inner]).unwrap().http_platform;
        assert_eq!((platform.process_path.as_str(), platform.startup_time_limit.as_secs()), ("b", 60));
        assert_eq!(platform.environment, [("A".into(), "1".into()), ("b".into(), "3".into())]);
        assert_eq!(platform.request_timeout.as_secs(), 86_490);
        assert_eq!(platform.stdout_log_file.as_deref(), Some("httpplatform-stdout"));
        assert_eq!((platform.processes_per_application, platform.rapid_fails_per_minute), (3, 0));
        assert_eq!(platform.recycle_on_file_change, [r".\touch.txt"]);
    }

    #[test]
    fn values_that_the_schema_does_not_take_are_faults() {
        for attribute in [
            r#"processesPerApplication="0""#,
            r#"processesPerApplication="101""#,
            r#"startupTimeLimit="3601""#,
            r#"startupRetryCount="-1""#,
            r#"requestTimeout="120""#,
            r#"requestTimeout="00:60:00""#,
            r#"stdoutLogEnabled="yes""#,
        ] {
            let fault = read(&[&format!("<httpPlatform processPath=\"a\" {attribute}/>")]).unwrap_err();
            let name = attribute.split('=').next().unwrap();
            assert!(fault.text.contains(name), "{attribute}: {fault}");
        }
        let twice = "<httpPlatform><environmentVariables><environmentVariable name=\"A\" value=\"\"/>\
                     <environmentVariable name=\"a\" value=\"\"/></environmentVariables></httpPlatform>";
        assert!(read(&[twice]).unwrap_err().text.contains("duplicate"));
    }

    #[test]
    fn a_user_of_windows_cannot_be_told_here_and_that_is_said() {
        let configuration =
            read(&[r#"<httpPlatform processPath="a" forwardWindowsAuthToken="true"/>"#]).unwrap();
        assert!(configuration.not_simulated[0].text.contains("forwardWindowsAuthToken"));
    }
}
