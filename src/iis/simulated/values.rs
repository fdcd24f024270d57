//! The values of a package's parameters, as the install asks for them.

use crate::iis::error::PackageError;

/// Resolved parameters. A package without a parameters file has none, and nothing changes.
pub(super) struct Values;

impl Values {
    pub(super) fn resolve(_text: Option<Vec<u8>>, _given: &[(String, String)]) -> Result<Self, PackageError> {
        Ok(Self)
    }

    pub(super) fn provider_path(&self, _provider: &str, path: &str) -> Result<String, PackageError> {
        Ok(path.to_owned())
    }

    pub(super) fn wants_file(&self, _name: &str) -> bool {
        false
    }

    pub(super) fn apply_to_file(&self, _name: &str, _bytes: &[u8]) -> Result<Option<Vec<u8>>, PackageError> {
        Ok(None)
    }
}
