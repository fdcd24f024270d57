//! What was made of strings that come again and again, such as the names of headers.
//!
//! Applications write them as constants, so that the same objects come: who they are is compared, not what they hold.

use std::cell::RefCell;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// How many strings are remembered. A newer one takes the place of one that has the same place.
const PLACES: usize = 64;

type Place<T> = Option<(Py<PyAny>, T)>;

/// Remembers a value for each of a few strings. It belongs to one thread.
pub(crate) struct Memory<T>(RefCell<Vec<Place<T>>>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Memory<T> {
    /// Does something with the value of a string, which is made when it is not known.
    pub(crate) fn with<R>(
        &self,
        key: &Bound<'_, PyAny>,
        make: impl FnOnce() -> PyResult<T>,
        act: impl FnOnce(&T) -> PyResult<R>,
    ) -> PyResult<R> {
        // An object of a class of its own could run code when it is forgotten, and come here again.
        let (true, Ok(mut places)) = (key.is_exact_instance_of::<PyString>(), self.0.try_borrow_mut()) else {
            return act(&make()?);
        };
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        // Objects begin at multiples of 16.
        let place = &mut places[key.as_ptr().addr() / 16 % PLACES];
        let entry = match place.take() {
            Some(entry) if entry.0.is(key) => entry,
            _ => (key.clone().unbind(), make()?),
        };
        act(&place.insert(entry).1)
    }
}
