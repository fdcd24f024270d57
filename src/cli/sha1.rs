//! `iiswsgi sha1`: hashes of files as `fciv` and `sha1sum` print them, and the check of such lists.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::session::{Session, print};
use crate::digest::{Algorithm, Digests, Form, Line, List};
use crate::error::{AnyFailure, ExitCode, Failure, Location};
use crate::files;

/// Prints the SHA1 of files, or checks a list of them. `-` is standard input.
#[derive(Debug, Args)]
#[command(after_help = concat!(
    "Examples:",
    "\n  iiswsgi sha1 dist/shop-1.0.msdeploy.zip                          # as fciv.exe prints it",
    "\n  iiswsgi sha1 --form sha1sum --sha256 dist/shop-1.0.msdeploy.zip",
    "\n  iiswsgi sha1 --check hashes.txt",
))]
pub(super) struct Sha1 {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The form of the list
    #[arg(long, value_enum, default_value = "fciv", conflicts_with = "check")]
    form: FormName,
    /// Prints SHA256s instead
    #[arg(long, conflicts_with = "check")]
    sha256: bool,
    /// Reads lists of hashes, of either form, and checks the files that they name
    #[arg(short, long)]
    check: bool,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormName {
    /// As Microsoft's fciv.exe prints it
    Fciv,
    /// As sha1sum prints it
    Sha1sum,
}

/// Files are not what the list says.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("{failed} of {all} files are not what the lists say")]
    Mismatch { failed: usize, all: usize },
    #[error("`{}` has no line with a hash", list.display())]
    Empty { list: PathBuf },
}

impl Failure for Error {
    fn location(&self) -> Option<Location> {
        match self {
            Self::Mismatch { .. } => None,
            Self::Empty { list } => Some(Location::file(list)),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Mismatch { .. } => None,
            Self::Empty { .. } => {
                Some("A list has lines of a hash and a file, as `iiswsgi sha1` prints them.".into())
            }
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Mismatch { .. } => ExitCode::Failed,
            Self::Empty { .. } => ExitCode::Usage,
        }
    }
}

impl Sha1 {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode, AnyFailure> {
        if self.check { self.check(session) } else { self.list() }
    }

    fn list(&self) -> Result<ExitCode, AnyFailure> {
        let form = match self.form {
            FormName::Fciv => Form::Fciv,
            FormName::Sha1sum => Form::Sum,
        };
        let mut text = form.header().to_owned();
        for path in &self.files {
            let digests = digests(path)?;
            let hash: &[u8] = if self.sha256 { &digests.sha256 } else { &digests.sha1 };
            text.push_str(&form.line(Line { file: &path.to_string_lossy(), hash }));
        }
        print(&text);
        Ok(ExitCode::Done)
    }

    fn check(&self, session: &Session) -> Result<ExitCode, AnyFailure> {
        let (mut all, mut failed) = (0, 0);
        for path in &self.files {
            let list = List::read(&text(path)?);
            for malformed in &list.malformed {
                let location = Location::at(path, malformed.line, 0);
                session.warn(&format!("This line is no hash and file: `{}`", malformed.text), location);
            }
            if list.files.is_empty() {
                return Err(Error::Empty { list: path.clone() }.into());
            }
            for listed in &list.files {
                all += 1;
                let verdict = match digests(Path::new(&listed.file)) {
                    Ok(digests) if hash_of(&digests, listed.algorithm).eq_ignore_ascii_case(&listed.hash) => {
                        "OK"
                    }
                    Ok(_) => "FAILED",
                    Err(failure) => {
                        session.warn(&failure.to_string(), Location::at(path, listed.line, 0));
                        "FAILED open or read"
                    }
                };
                failed += usize::from(verdict != "OK");
                print(&format!("{}: {verdict}", listed.file));
            }
        }
        if failed > 0 { Err(Error::Mismatch { failed, all }.into()) } else { Ok(ExitCode::Done) }
    }
}

fn hash_of(digests: &Digests, algorithm: Algorithm) -> String {
    match algorithm {
        Algorithm::Sha1 => digests.sha1_hex(),
        Algorithm::Sha256 => digests.sha256_hex(),
    }
}

fn digests(path: &Path) -> Result<Digests, files::Error> {
    let failed = |source: io::Error| files::Error::Read { path: path.to_owned(), source };
    if path == Path::new("-") {
        return Digests::of_reader(&mut io::stdin().lock()).map_err(failed);
    }
    Digests::of_reader(&mut File::open(path).map_err(failed)?).map_err(failed)
}

/// A list as text: `fciv` of Windows may have written it in UTF-16.
fn text(path: &Path) -> Result<String, files::Error> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|source| files::Error::Read { path: path.to_owned(), source })?;
        bytes
    } else {
        files::read(path)?
    };
    Ok(files::text_of(&bytes))
}
