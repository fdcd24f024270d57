//! `icacls.exe`, as its help has it: `icacls NAME` with `/grant IDENTITY:RIGHTS…`, the same with `/grant:r` in place of what the
//! identity had, `/remove:g IDENTITY…` and `/inheritance:r`. It saves no security descriptors (`/save`), as nothing here has one.
//!
//! - Rights are noted in `rights.json` beside the program, by path without regard to case. What nobody has given rights on
//!   belongs to the administrators. Nothing is inherited: a file has no right of its folder's.
//! - RIGHTS begin with flags of inheritance in brackets, which a folder alone may have, and end with one right or several.
//! - What is not there gives exit code 2, as the real one does (`ERROR_FILE_NOT_FOUND`).

use std::collections::BTreeMap;
use std::path::Path;

use crate::call::Call;

const FLAGS: [&str; 5] = ["OI", "CI", "IO", "NP", "I"];
const RIGHTS: [&str; 8] = ["N", "F", "M", "RX", "R", "W", "D", "DE"];

/// The entries of each path: identity and rights.
type Rights = BTreeMap<String, Vec<(String, String)>>;

/// Runs a call and gives the exit code.
pub(crate) fn run(call: &Call) -> i32 {
    let (said, code) = answer(call).unwrap_or_else(|refusal| refusal);
    call.finish(&said, code)
}

fn refused(text: &str) -> (String, i32) {
    (format!("Invalid parameter \"{text}\"\n"), 87)
}

fn answer(call: &Call) -> Result<(String, i32), (String, i32)> {
    let words: Vec<&str> = call.arguments.iter().map(String::as_str).collect();
    let [name, words @ ..] = words.as_slice() else { return Err(refused("")) };
    if !Path::new(name).exists() {
        let said = "The system cannot find the file specified.\nSuccessfully processed 0 files; Failed processing 1 files";
        return Err((format!("{name}: {said}\n"), 2));
    }
    let notes = call.folder.join("rights.json");
    let mut rights: Rights =
        std::fs::read(&notes).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let own = || vec![(r"BUILTIN\Administrators".to_owned(), "(OI)(CI)(F)".to_owned())];
    let entries = rights.entry(name.to_lowercase()).or_insert_with(own);
    let done = "Successfully processed 1 files; Failed processing 0 files\n";
    if words.is_empty() {
        return Ok((format!("{}\n{done}", listed(name, entries)), 0));
    }
    let mut words = words;
    while let [option, rest @ ..] = words {
        let (values, rest) =
            rest.split_at(rest.iter().position(|word| word.starts_with('/')).unwrap_or(rest.len()));
        match *option {
            "/inheritance:r" if values.is_empty() => {}
            "/grant" | "/grant:r" if !values.is_empty() => {
                for value in values {
                    let entry = read(value, Path::new(name).is_dir())?;
                    entries.retain(|known| *option == "/grant" || known.0 != entry.0);
                    if !entries.contains(&entry) {
                        entries.push(entry);
                    }
                }
            }
            "/remove:g" if !values.is_empty() => {
                entries.retain(|(known, _)| !values.iter().any(|gone| gone.eq_ignore_ascii_case(known)));
            }
            other => return Err(refused(other)),
        }
        words = rest;
    }
    let text = serde_json::to_vec_pretty(&rights).unwrap_or_default();
    std::fs::write(&notes, text).map_err(|error| (format!("{}: {error}\n", notes.display()), 5))?;
    Ok((format!("processed file: {name}\n{done}"), 0))
}

/// An entry for each line, the first beside the path, the others below it.
fn listed(name: &str, entries: &[(String, String)]) -> String {
    let indent = " ".repeat(name.chars().count() + 1);
    let line = |(at, (identity, rights)): (usize, &(String, String))| {
        let before = if at == 0 { format!("{name} ") } else { indent.clone() };
        format!("{before}{identity}:{rights}\n")
    };
    entries.iter().enumerate().map(line).collect()
}

/// `IDENTITY:RIGHTS`; the identity may have no colon, the rights are `(FLAG)…(RIGHT,…)` or one right without brackets.
fn read(text: &str, folder: bool) -> Result<(String, String), (String, i32)> {
    let (identity, rights) = text.split_once(':').ok_or_else(|| refused(text))?;
    let words: Vec<&str> = rights.split(['(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let Some((_, flags)) = words.split_last() else { return Err(refused(text)) };
    let is_flag = |word: &&str| FLAGS.contains(word);
    let known = words.iter().all(|word| FLAGS.contains(word) || RIGHTS.contains(word));
    let has_right = words.iter().any(|word| RIGHTS.contains(word));
    if identity.is_empty() || !known || !has_right || (!folder && flags.iter().any(is_flag)) {
        return Err(refused(text));
    }
    let rights = if rights.starts_with('(') { rights.to_owned() } else { format!("({rights})") };
    Ok((identity.to_owned(), rights))
}
