//! Questions on the terminal: each has a default that the Enter key takes, and none is asked when nobody is there.

use std::io::{BufRead, IsTerminal as _, Write};

use crate::error::{ExitCode, Failure};

/// Whoever is asked.
pub(super) struct Questions<'a> {
    input: &'a mut dyn BufRead,
    output: &'a mut dyn Write,
    /// Whether anybody is there; else every question is answered by its default.
    interactive: bool,
}

/// The input ended before the answer, or the answer was no.
#[derive(Debug, thiserror::Error)]
#[error("not confirmed: nothing was written")]
pub(super) struct Declined;

impl Failure for Declined {
    fn exit_code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl<'a> Questions<'a> {
    /// Asks on `output` and reads from `input`, unless `silent` or standard input is no terminal.
    pub(super) fn new(input: &'a mut dyn BufRead, output: &'a mut dyn Write, silent: bool) -> Self {
        Self { input, output, interactive: !silent && std::io::stdin().is_terminal() }
    }

    /// Whether anybody is there.
    pub(super) fn are_asked(&self) -> bool {
        self.interactive
    }

    /// Asks for a text. An empty answer is the default.
    pub(super) fn text(&mut self, question: &str, default: Option<&str>) -> Result<Option<String>, Declined> {
        if !self.interactive {
            return Ok(default.map(str::to_owned));
        }
        let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        let answer = self.answer(&format!("{question}{shown}: "))?;
        Ok(if answer.is_empty() { default.map(str::to_owned) } else { Some(answer) })
    }

    /// Lets the user choose by number, from 1.
    pub(super) fn choice(&mut self, question: &str, choices: &[String]) -> Result<Option<usize>, Declined> {
        if !self.interactive {
            return Ok(None);
        }
        let list = choices
            .iter()
            .enumerate()
            .fold(format!("{question}\n"), |text, (at, choice)| format!("{text}  {}  {choice}\n", at + 1));
        loop {
            let answer = self.answer(&format!("{list}Number [1]: "))?;
            let number = if answer.is_empty() { Ok(1) } else { answer.parse::<usize>() };
            match number {
                Ok(number) if (1..=choices.len()).contains(&number) => return Ok(Some(number - 1)),
                _ => self.say(&format!("Please type a number from 1 to {}.\n", choices.len())),
            }
        }
    }

    /// Asks for yes or no; the Enter key says yes.
    pub(super) fn confirm(&mut self, question: &str) -> Result<bool, Declined> {
        if !self.interactive {
            return Ok(true);
        }
        loop {
            match self.answer(&format!("{question} [Y/n]: "))?.to_ascii_lowercase().as_str() {
                "" | "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => self.say("Please type y or n.\n"),
            }
        }
    }

    fn answer(&mut self, prompt: &str) -> Result<String, Declined> {
        self.say(prompt);
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(read) if read > 0 => Ok(line.trim().to_owned()),
            _ => Err(Declined),
        }
    }

    fn say(&mut self, text: &str) {
        // A terminal that cannot be written to shows nothing; its answers still count.
        let _ = self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<T>(input: &str, ask: impl FnOnce(&mut Questions<'_>) -> T) -> (T, String) {
        let (mut input, mut output) = (input.as_bytes(), Vec::new());
        let answer = ask(&mut Questions { input: &mut input, output: &mut output, interactive: true });
        (answer, String::from_utf8(output).unwrap())
    }

    #[test]
    fn the_enter_key_takes_the_default() {
        let (answer, said) = asked("\n", |questions| questions.text("Python", Some("3.12")));
        assert_eq!(answer.unwrap().as_deref(), Some("3.12"));
        assert_eq!(said, "Python [3.12]: ");
        assert!(asked("\n", |questions| questions.confirm("Write?")).0.unwrap());
        let choices = ["a".to_owned(), "b".to_owned()];
        assert_eq!(asked("\n", |questions| questions.choice("Which?", &choices)).0.unwrap(), Some(0));
    }

    #[test]
    fn an_answer_that_is_none_is_asked_for_again() {
        let choices = ["a".to_owned(), "b".to_owned()];
        let (answer, said) = asked("7\nx\n2\n", |questions| questions.choice("Which?", &choices));
        assert_eq!(answer.unwrap(), Some(1));
        assert_eq!(said.matches("from 1 to 2").count(), 2, "{said}");
        assert!(!asked("maybe\nNo\n", |questions| questions.confirm("Write?")).0.unwrap());
    }

    #[test]
    fn the_end_of_the_input_is_a_no() {
        assert!(asked("", |questions| questions.confirm("Write?")).0.is_err());
    }

    #[test]
    fn nobody_is_asked_where_nobody_is() {
        let (mut input, mut output) = (&b"no\n"[..], Vec::new());
        let mut questions = Questions { input: &mut input, output: &mut output, interactive: false };
        assert!(questions.confirm("Write?").unwrap());
        assert_eq!(questions.text("Python", None).unwrap(), None);
        assert_eq!(questions.choice("Which?", &["a".to_owned()]).unwrap(), None);
        assert!(output.is_empty());
    }
}
