//! The rights of new files on Unix.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

/// Temporary files are private by default; ours become outputs, which get the rights that the umask gives.
pub(super) fn output<'b, 'p, 's>(
    builder: &'b mut tempfile::Builder<'p, 's>,
) -> &'b mut tempfile::Builder<'p, 's> {
    builder.permissions(Permissions::from_mode(0o666))
}
