//! A program that says what a test has written down for it, whatever it is asked: `NAME.json` beside it has `stdout`, `stderr` and
//! `code`. It stands in for a Python that is too old or broken, which no machine of ours has, and for `reg.exe`.

use crate::call::Call;

/// Runs a call and gives the exit code.
pub(crate) fn run(call: &Call) -> i32 {
    let path = call.folder.join(&call.program).with_extension("json");
    let answers: Option<serde_json::Value> =
        std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let Some(answers) = answers else {
        eprintln!("error: what `{}` says is to stand in {}", call.program, path.display());
        return 2;
    };
    let text = |name: &str| answers[name].as_str().unwrap_or_default();
    eprint!("{}", text("stderr"));
    call.finish(text("stdout"), answers["code"].as_i64().and_then(|code| code.try_into().ok()).unwrap_or(0))
}
