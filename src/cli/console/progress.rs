//! The bar at the bottom of a terminal: which stage runs, what it does and how far it is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::event::{Event, Unit};

/// The bar, or nothing where there is no terminal.
pub(super) struct Progress {
    enabled: bool,
    bar: Option<ProgressBar>,
    stage: String,
}

impl Progress {
    /// No bar yet; none ever unless `enabled`.
    pub(super) fn new(enabled: bool) -> Self {
        Self { enabled, bar: None, stage: String::new() }
    }

    /// Shows what an event says about the work that goes on.
    pub(super) fn follow(&mut self, event: &Event) {
        if !self.enabled {
            return;
        }
        match event {
            Event::StageStarted { package, stage } => {
                self.clear();
                self.stage =
                    if package.is_empty() { stage.to_string() } else { format!("{stage} {package}") };
                self.spin();
            }
            Event::Progress { what, done, total, unit } => self.advance(what, *done, *total, *unit),
            Event::StageEnded { .. } => self.clear(),
            _ => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Runs something that writes to the terminal, with the bar out of the way.
    pub(super) fn suspend<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }

    fn spin(&mut self) {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style(SPINNER));
        bar.set_message(self.stage.clone());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.bar = Some(bar);
    }

    fn advance(&mut self, what: &str, done: u64, total: u64, unit: Unit) {
        if self.bar.is_none() {
            self.spin();
        }
        let Some(bar) = &self.bar else { return };
        let known = (total > 0).then_some(total);
        if bar.length() != known {
            match known {
                Some(total) => bar.set_length(total),
                None => bar.unset_length(),
            }
            bar.set_style(style(match (known, unit) {
                (None, _) => SPINNER,
                (Some(_), Unit::Bytes) => "{spinner} {msg} {wide_bar} {binary_bytes}/{binary_total_bytes}",
                (Some(_), Unit::Items) => "{spinner} {msg} {wide_bar} {pos}/{len}",
            }));
        }
        bar.set_message(if self.stage.is_empty() {
            what.to_owned()
        } else {
            format!("{}: {what}", self.stage)
        });
        bar.set_position(done);
    }
}

/// Work whose end is not known.
const SPINNER: &str = "{spinner} {wide_msg} {elapsed}";

/// A style of our own templates, which are right; were one wrong, a plain bar would do.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
