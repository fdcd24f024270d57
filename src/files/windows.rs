//! Files on Windows: the rights of new ones are those of the folder, and what somebody uses can be neither removed nor renamed.

use std::io;

/// What else keeps somebody from a file.
pub(super) const OR_END: &str = ", or end the program that uses it";

/// `ERROR_SHARING_VIOLATION` and `ERROR_LOCK_VIOLATION`.
const OPEN: [i32; 2] = [32, 33];
/// `ERROR_ACCESS_DENIED`, which a program's own file and the working directory of one give as well, and `ERROR_DIR_NOT_EMPTY`:
/// what was removed is there as long as somebody has it open.
const MAYBE: [i32; 2] = [5, 145];

/// Whether an error says that a program has the file open.
pub(super) fn is_open_elsewhere(error: &io::Error) -> bool {
    error.raw_os_error().is_some_and(|code| OPEN.contains(&code))
}

/// Whether an error may come from a program that is about to end.
pub(super) fn may_be_in_use(error: &io::Error) -> bool {
    is_open_elsewhere(error) || error.raw_os_error().is_some_and(|code| MAYBE.contains(&code))
}

pub(super) fn output<'b, 'p, 's>(
    builder: &'b mut tempfile::Builder<'p, 's>,
) -> &'b mut tempfile::Builder<'p, 's> {
    builder
}

/// The folder for temporary files is the user's own already.
pub(super) fn private<'b, 'p, 's>(
    builder: &'b mut tempfile::Builder<'p, 's>,
) -> &'b mut tempfile::Builder<'p, 's> {
    builder
}
