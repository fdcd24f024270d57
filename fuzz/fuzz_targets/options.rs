//! Provider options: no attribute and no payload makes the reader panic, and what it reads can be written again.
#![no_main]

use iiswsgi::package::options::ProviderOptions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok((options, library)) = ProviderOptions::decode_with_library(data) {
        assert_eq!(ProviderOptions::decode(&options.encode_for(library)).ok(), Some(options));
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(options) = ProviderOptions::from_attribute(text)
    {
        assert_eq!(ProviderOptions::from_attribute(&options.to_attribute()).ok(), Some(options));
    }
});
