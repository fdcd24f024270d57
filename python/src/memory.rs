//! What was made of objects that come again and again, such as the headers of an answer.
//!
//! Applications write them as constants, so that the same objects come: who they are is compared, not what they hold.

use std::cell::RefCell;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

/// How many objects are remembered. A newer one takes the place of one that has the same place.
const PLACES: usize = 64;

type Place<T> = Option<(Py<PyAny>, T)>;

/// Remembers a value for each of a few objects that cannot change. It belongs to one thread.
pub(crate) struct Memory<T>(RefCell<Vec<Place<T>>>);

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Memory<T> {
    /// Does something with the value of an object, which is made when it is not known. `fits` says whether a value is
    /// small enough to be remembered.
    pub(crate) fn with<R>(
        &self,
        key: &Bound<'_, PyAny>,
        make: impl FnOnce() -> PyResult<T>,
        fits: impl FnOnce(&T) -> bool,
        act: impl FnOnce(&T) -> PyResult<R>,
    ) -> PyResult<R> {
        let Ok(mut places) = self.0.try_borrow_mut() else { return act(&make()?) };
        if places.is_empty() {
            places.resize_with(PLACES, || None);
        }
        // Objects begin at multiples of 16. One that is remembered is alive, so that no other is where it is.
        let index = key.as_ptr().addr() / 16 % PLACES;
        if let Some((known, value)) = &places[index]
            && known.is(key)
        {
            return act(value);
        }
        // What makes the value may run code of the application, which may come here again.
        drop(places);
        let value = make()?;
        let answer = act(&value);
        if is_fixed(key)
            && fits(&value)
            && let Ok(mut places) = self.0.try_borrow_mut()
            && let Some(place) = places.get_mut(index)
        {
            let before = place.replace((key.clone().unbind(), value));
            drop(places);
            drop(before);
        }
        answer
    }
}

/// Whether what an object holds stays as it is: a string, or a tuple of strings. Objects of classes of the application's
/// own may be something else each time, and may run code when they are forgotten.
fn is_fixed(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyString>()
        || object
            .cast_exact::<PyTuple>()
            .is_ok_and(|tuple| tuple.iter().all(|item| item.is_exact_instance_of::<PyString>()))
}
