//! The payload of provider options: the one [MS-NRBF] grammar, written and read.
//!
//! Numbers are little endian; a string is its length in bytes as a 7-bit varint, then UTF-8 (section 2.1.1.6):
//! ```text
//! 00  i32 1  i32 -1  i32 1  i32 0                       SerializationHeaderRecord
//! 0C  i32 2  str assembly                               BinaryLibrary
//! 05  i32 1  str class  i32 4  str providerName, path, names, values
//!     01 01 06 06  i32 2                                ClassWithMembersAndTypes
//! 06  i32 3  str provider                               BinaryObjectString
//! 06  i32 4  str path
//! 09  i32 5   09  i32 6                                 MemberReference to the arrays
//! 11  i32 5  i32 n  n strings                           ArraySingleString, the names
//! 11  i32 6  i32 n  n strings                           ArraySingleString, the values
//! 0B                                                    MessageEnd
//! ```
//! A string is a record of its own, `06 i32 id str`, or, where .NET met the same instance again, `09 i32 id`.

use std::collections::HashMap;
use std::ops::Range;

use super::{Error, Library, MAX_SETTINGS, ProviderOptions};

const CLASS: &str = "Microsoft.Web.Deployment.DeploymentProviderOptions";
const MEMBERS: [&str; 4] = ["providerName", "path", "names", "values"];
/// Two strings, two arrays of strings.
const MEMBER_TYPES: [u8; 4] = [1, 1, 6, 6];

const HEADER: u8 = 0;
const CLASS_WITH_MEMBERS_AND_TYPES: u8 = 5;
const OBJECT_STRING: u8 = 6;
const MEMBER_REFERENCE: u8 = 9;
const MESSAGE_END: u8 = 11;
const BINARY_LIBRARY: u8 = 12;
const ARRAY_SINGLE_STRING: u8 = 17;

const ROOT_ID: i32 = 1;
const LIBRARY_ID: i32 = 2;
/// The ids of the two member strings and the two arrays; the strings of the arrays follow.
const FIRST_ID: i32 = 3;
const NAMES_ID: i32 = 5;
const VALUES_ID: i32 = 6;
const FIRST_ITEM_ID: i32 = 7;

pub(super) fn write(options: &ProviderOptions, library: Library) -> Vec<u8> {
    let mut out = Output(Vec::with_capacity(512));
    out.byte(HEADER).numbers(&[ROOT_ID, -1, 1, 0]);
    out.byte(BINARY_LIBRARY).numbers(&[LIBRARY_ID]).string(library.name());
    out.byte(CLASS_WITH_MEMBERS_AND_TYPES).numbers(&[ROOT_ID]).string(CLASS).numbers(&[4]);
    for member in MEMBERS {
        out.string(member);
    }
    out.0.extend_from_slice(&MEMBER_TYPES);
    out.numbers(&[LIBRARY_ID]);
    out.byte(OBJECT_STRING).numbers(&[FIRST_ID]).string(&options.provider);
    out.byte(OBJECT_STRING).numbers(&[FIRST_ID + 1]).string(&options.path);
    out.byte(MEMBER_REFERENCE).numbers(&[NAMES_ID]).byte(MEMBER_REFERENCE).numbers(&[VALUES_ID]);
    let mut ids = FIRST_ITEM_ID..;
    out.array(NAMES_ID, options.settings.iter().map(|(name, _)| name.as_str()), &mut ids);
    out.array(VALUES_ID, options.settings.iter().map(|(_, value)| value.as_str()), &mut ids);
    out.byte(MESSAGE_END);
    out.0
}

struct Output(Vec<u8>);

impl Output {
    fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    fn numbers(&mut self, numbers: &[i32]) -> &mut Self {
        for number in numbers {
            self.0.extend_from_slice(&number.to_le_bytes());
        }
        self
    }

    fn string(&mut self, text: &str) -> &mut Self {
        let mut rest = text.len();
        while rest > 0x7f {
            self.0.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.0.push(rest.to_le_bytes()[0]);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    fn array<'t>(
        &mut self,
        id: i32,
        items: impl ExactSizeIterator<Item = &'t str>,
        ids: &mut std::ops::RangeFrom<i32>,
    ) {
        self.byte(ARRAY_SINGLE_STRING).numbers(&[id, i32::try_from(items.len()).unwrap_or(i32::MAX)]);
        for (item, id) in items.zip(ids) {
            self.byte(OBJECT_STRING).numbers(&[id]).string(item);
        }
    }
}

pub(super) fn read(payload: &[u8]) -> Result<(ProviderOptions, Library), Error> {
    let mut input = Input { payload, at: 0, strings: HashMap::new() };
    input.record(HEADER, "the stream header")?;
    input.numbers(&[ROOT_ID, -1, 1, 0])?;
    input.record(BINARY_LIBRARY, "the assembly")?;
    input.numbers(&[LIBRARY_ID])?;
    let library = input.library()?;
    input.record(CLASS_WITH_MEMBERS_AND_TYPES, "the class")?;
    input.numbers(&[ROOT_ID])?;
    input.exactly(CLASS)?;
    input.numbers(&[4])?;
    for member in MEMBERS {
        input.exactly(member)?;
    }
    for kind in MEMBER_TYPES {
        input.record(kind, "the member types")?;
    }
    input.numbers(&[LIBRARY_ID])?;
    let provider = input.object()?;
    let path = input.object()?;
    let names_id = input.array_reference()?;
    let values_id = input.array_reference()?;
    let names = input.array(names_id)?;
    let start = input.at;
    let values = input.array(values_id)?;
    if names.len() != values.len() {
        return Err(input.error(start, format!("{} names but {} values", names.len(), values.len())));
    }
    input.record(MESSAGE_END, "the end")?;
    if input.at < payload.len() {
        return Err(input.error(input.at, format!("{} bytes after the end", payload.len() - input.at)));
    }
    let settings = names.into_iter().map(str::to_owned).zip(values.into_iter().map(str::to_owned)).collect();
    Ok((ProviderOptions { provider: provider.to_owned(), path: path.to_owned(), settings }, library))
}

struct Input<'p> {
    payload: &'p [u8],
    at: usize,
    /// Where the strings with an id stand; `None` for the arrays, whose ids no string may have.
    strings: HashMap<i32, Option<Range<usize>>>,
}

impl<'p> Input<'p> {
    fn error(&self, offset: usize, message: impl Into<String>) -> Error {
        Error::Payload { offset: offset.min(self.payload.len()), message: message.into() }
    }

    fn take(&mut self, count: usize) -> Result<&'p [u8], Error> {
        match self.at.checked_add(count).and_then(|end| self.payload.get(self.at..end)) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => Err(self.error(self.payload.len(), "the data ends early")),
        }
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn record(&mut self, kind: u8, what: &str) -> Result<(), Error> {
        let start = self.at;
        match self.byte()? {
            found if found == kind => Ok(()),
            found => Err(self.error(start, format!("{found:#04x} instead of {kind:#04x} ({what})"))),
        }
    }

    fn number(&mut self) -> Result<i32, Error> {
        let bytes = self.take(4)?;
        Ok(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn numbers(&mut self, expected: &[i32]) -> Result<(), Error> {
        for &number in expected {
            let start = self.at;
            let found = self.number()?;
            if found != number {
                return Err(self.error(start, format!("{found} instead of {number}")));
            }
        }
        Ok(())
    }

    /// A length as .NET writes it: at most five groups of seven bits, none of them needlessly.
    fn length(&mut self) -> Result<usize, Error> {
        let start = self.at;
        let mut length: u64 = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    break;
                }
                return usize::try_from(length).map_err(|_| self.error(start, "a string too long"));
            }
        }
        Err(self.error(start, "a length that .NET does not write"))
    }

    fn string(&mut self) -> Result<(&'p str, Range<usize>), Error> {
        let length = self.length()?;
        let start = self.at;
        let bytes = self.take(length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok((text, start..start + length)),
            Err(error) => Err(self.error(start + error.valid_up_to(), "bytes that are not UTF-8")),
        }
    }

    fn exactly(&mut self, expected: &str) -> Result<(), Error> {
        let start = self.at;
        let (found, _) = self.string()?;
        if found == expected {
            return Ok(());
        }
        Err(self.error(start, format!("`{}` instead of `{expected}`", shortened(found))))
    }

    fn library(&mut self) -> Result<Library, Error> {
        let start = self.at;
        let (found, _) = self.string()?;
        [Library::Current, Library::Of2009]
            .into_iter()
            .find(|library| library.name() == found)
            .ok_or_else(|| self.error(start, format!("the unknown assembly `{}`", shortened(found))))
    }

    /// An id that nothing had before.
    fn new_id(&mut self, place: Option<Range<usize>>, id: i32, start: usize) -> Result<(), Error> {
        let taken = id == ROOT_ID || id == LIBRARY_ID || id < 1 || self.strings.insert(id, place).is_some();
        if taken { Err(self.error(start, format!("the id {id} where a new one belongs"))) } else { Ok(()) }
    }

    /// A string: a record of its own, or a reference to an earlier one.
    fn object(&mut self) -> Result<&'p str, Error> {
        let start = self.at;
        match self.byte()? {
            OBJECT_STRING => {
                let id = self.number()?;
                let (text, place) = self.string()?;
                self.new_id(Some(place), id, start + 1)?;
                Ok(text)
            }
            MEMBER_REFERENCE => {
                let id = self.number()?;
                let payload = self.payload;
                match self.strings.get(&id) {
                    // The range was checked to be UTF-8 when the string was read.
                    Some(Some(place)) => Ok(std::str::from_utf8(&payload[place.clone()]).unwrap_or_default()),
                    _ => {
                        Err(self
                            .error(start + 1, format!("a reference to {id}, which is no string before it")))
                    }
                }
            }
            found => Err(self.error(start, format!("{found:#04x} where a string belongs"))),
        }
    }

    fn array_reference(&mut self) -> Result<i32, Error> {
        self.record(MEMBER_REFERENCE, "a reference to an array")?;
        let start = self.at;
        let id = self.number()?;
        self.new_id(None, id, start)?;
        Ok(id)
    }

    fn array(&mut self, id: i32) -> Result<Vec<&'p str>, Error> {
        self.record(ARRAY_SINGLE_STRING, "an array of strings")?;
        self.numbers(&[id])?;
        let start = self.at;
        let count = self.number()?;
        match usize::try_from(count) {
            Ok(count) if count <= MAX_SETTINGS => (0..count).map(|_| self.object()).collect(),
            _ => Err(self.error(start, format!("an array of {count} strings"))),
        }
    }
}

/// The first characters of a foreign string, for a message.
fn shortened(text: &str) -> String {
    text.chars().take(60).map(|character| if character.is_control() { '?' } else { character }).collect()
}
