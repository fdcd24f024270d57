//! Files on Unix: the rights of new ones, and no file that is kept by whoever uses it.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;

/// What else keeps somebody from a file: nothing.
pub(super) const OR_END: &str = "";

/// Whether an error says that a program has the file open.
pub(super) fn is_open_elsewhere(_: &io::Error) -> bool {
    false
}

/// Whether an error may come from a program that is about to end.
pub(super) fn may_be_in_use(_: &io::Error) -> bool {
    false
}

/// Temporary files are private by default; ours become outputs, which get the rights that the umask gives.
pub(super) fn output<'b, 'p, 's>(
    builder: &'b mut tempfile::Builder<'p, 's>,
) -> &'b mut tempfile::Builder<'p, 's> {
    builder.permissions(Permissions::from_mode(0o666))
}

/// A folder gets what the umask gives, too, unless it is said.
pub(super) fn private<'b, 'p, 's>(
    builder: &'b mut tempfile::Builder<'p, 's>,
) -> &'b mut tempfile::Builder<'p, 's> {
    builder.permissions(Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_enter_a_private_folder() {
        let folder = crate::files::private_folder("iiswsgi-").unwrap();
        let mode = std::fs::metadata(folder.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}
