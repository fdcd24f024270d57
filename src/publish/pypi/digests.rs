//! The hashes of an upload, in one reading: MD5, which old indexes compare, SHA-256, and BLAKE2b-256, which PyPI names
//! files by.

use std::io::{self, Read};

use blake2::Blake2b256;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::digest::hex;

/// The size and hashes of a file, in lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UploadDigests {
    /// Its size in bytes.
    pub size: u64,
    /// Its MD5.
    pub md5: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its `BLAKE2b` with 256 bits.
    pub blake2_256: String,
}

impl UploadDigests {
    /// Reads to the end.
    ///
    /// # Errors
    /// Reading fails.
    pub(super) fn of_reader(reader: &mut dyn Read) -> io::Result<Self> {
        let (mut md5, mut sha256, mut blake2) = (Md5::new(), Sha256::new(), Blake2b256::new());
        let mut buffer = vec![0; 256 << 10];
        let mut size = 0;
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            md5.update(&buffer[..count]);
            sha256.update(&buffer[..count]);
            blake2.update(&buffer[..count]);
            size += count as u64;
        }
        let (md5, sha256, blake2) = (md5.finalize(), sha256.finalize(), blake2.finalize());
        Ok(Self { size, md5: hex(&md5), sha256: hex(&sha256), blake2_256: hex(&blake2) })
    }

    /// The path below `packages/` that PyPI gives a file. How it is made is not promised: it is checked afterwards.
    pub(super) fn path(&self, file_name: &str) -> String {
        let hash = &self.blake2_256;
        format!("{}/{}/{}/{file_name}", &hash[..2], &hash[2..4], &hash[4..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_those_of_the_standards() {
        let digests = UploadDigests::of_reader(&mut &b"abc"[..]).unwrap();
        assert_eq!(digests.md5, "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digests.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(digests.blake2_256, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
        assert_eq!(
            digests.path("a-1.tar.gz"),
            "bd/dd/813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319/a-1.tar.gz"
        );
    }
}
