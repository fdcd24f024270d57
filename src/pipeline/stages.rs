//! Running a stage: its events, its time, and whether anything in it was simulated.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::error::{AnyFailure, Shown};
use crate::event::{Event, Observer, Stage, Status};

/// Runs one stage of a package (an empty name: of the whole run) and tells the observer how it went.
pub(super) fn stage<T>(
    stage: Stage,
    package: &str,
    observer: &dyn Observer,
    work: impl FnOnce(&dyn Observer) -> Result<T, AnyFailure>,
) -> Result<T, AnyFailure> {
    observer.event(Event::StageStarted { package: package.to_owned(), stage });
    let started = Instant::now();
    let watched = Watched { observer, simulated: AtomicBool::new(false) };
    let result = work(&watched);
    let (status, error) = match &result {
        Ok(_) => (Status::Passed, None),
        Err(failure) => (Status::Failed, Some(Shown::of(&**failure))),
    };
    let simulated = watched.simulated.into_inner();
    let elapsed = started.elapsed();
    observer.event(Event::StageEnded {
        package: package.to_owned(),
        stage,
        status,
        simulated,
        elapsed,
        error,
    });
    result
}

/// Passes events on and remembers whether a step was simulated.
struct Watched<'o> {
    observer: &'o dyn Observer,
    simulated: AtomicBool,
}

impl Observer for Watched<'_> {
    fn event(&self, event: Event) {
        if matches!(event, Event::Simulated { .. }) {
            self.simulated.store(true, Ordering::Relaxed);
        }
        self.observer.event(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Recorder;

    #[test]
    fn tells_how_a_stage_went_and_that_a_step_was_simulated() {
        let recorder = Recorder::new();
        let _ = stage(Stage::Install, "shop", &recorder, |observer| {
            observer.simulated("Rights were not set.");
            Ok(())
        });
        let events = recorder.events();
        assert!(
            matches!(&events[0], Event::StageStarted { package, stage: Stage::Install } if package == "shop")
        );
        assert!(matches!(&events[2], Event::StageEnded { status: Status::Passed, simulated: true, .. }));
    }
}
