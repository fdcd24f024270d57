//! The user whom a token of Windows stands for.
//!
//! HttpPlatformHandler (`forwardWindowsAuthToken`) and its successor make a handle in the process that they pass requests to,
//! and send its number. The handle is the receiver's from then on: it is closed here, or each request would leave one.

use std::io;
use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::{GetTokenInformation, LookupAccountSidW, TOKEN_USER, TokenUser};

/// The largest `TOKEN_USER`: two pointers' room and the largest security identifier, in words of its alignment.
const WORDS: usize = 16;
/// The longest name of a user or a domain, in UTF-16 units.
const NAME: usize = 257;

/// The user of a token in the form `DOMAIN\name`; `number` is the handle, in hexadecimal. None when it is no token.
pub fn token_user(number: &str) -> Option<String> {
    let digits = number.trim();
    let digits = digits.strip_prefix("0x").or(digits.strip_prefix("0X")).unwrap_or(digits);
    let number =
        usize::from_str_radix(digits, 16).ok().filter(|number| !matches!(*number, 0 | usize::MAX))?;
    name(number as HANDLE).ok()
}

fn name(handle: HANDLE) -> io::Result<String> {
    let mut buffer = [0_u64; WORDS];
    let mut length = 0;
    let size = u32::try_from(size_of_val(&buffer)).unwrap_or(0);
    #[expect(unsafe_code, reason = "calls of Windows, on a handle that is known by its number alone")]
    // SAFETY: the pointers and sizes are those of local values. The handle is looked at first: what is no token is left alone,
    // and what is one was made for us by the module of IIS whose word is believed.
    unsafe {
        if GetTokenInformation(handle, TokenUser, buffer.as_mut_ptr().cast(), size, &raw mut length) == 0 {
            return Err(io::Error::last_os_error());
        }
        let token = OwnedHandle::from_raw_handle(handle);
        debug_assert!(!token.as_raw_handle().is_null());
        let user = &*buffer.as_ptr().cast::<TOKEN_USER>();
        let (mut name, mut domain) = ([0_u16; NAME], [0_u16; NAME]);
        let (mut name_length, mut domain_length) = (257_u32, 257_u32);
        let mut kind = 0;
        let found = LookupAccountSidW(
            std::ptr::null(),
            user.User.Sid,
            name.as_mut_ptr(),
            &raw mut name_length,
            domain.as_mut_ptr(),
            &raw mut domain_length,
            &raw mut kind,
        );
        if found == 0 {
            return Err(io::Error::last_os_error());
        }
        let text = |units: &[u16], length: u32| String::from_utf16_lossy(&units[..length as usize]);
        Ok(format!("{}\\{}", text(&domain, domain_length), text(&name, name_length)))
    }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Security::TOKEN_QUERY;
    use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

    use super::*;

    fn own_token() -> usize {
        let mut token: HANDLE = std::ptr::null_mut();
        #[expect(unsafe_code, reason = "a call of Windows")]
        // SAFETY: the pointer is to a local value.
        let done = unsafe { OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &raw mut token) };
        assert_ne!(done, 0);
        token as usize
    }

    #[test]
    fn a_token_is_its_user_and_is_used_up() {
        let number = format!("{:X}", own_token());
        let user = token_user(&number).unwrap();
        let (domain, name) = user.split_once('\\').unwrap();
        assert!(!domain.is_empty() && !name.is_empty(), "{user}");
        assert_eq!(token_user(&number), None, "the handle is closed");
    }

    #[test]
    fn what_is_no_token_is_nobody() {
        for number in ["", "0", "x", "ffffffffffffffff", "4", "123456789abcdef01"] {
            assert_eq!(token_user(number), None, "{number}");
        }
    }
}
