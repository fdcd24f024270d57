//! How long a large feed takes to write, read, check and extend, and whether the time grows with the size alone.
//!
//! `cargo bench --bench feed`. Each row is the best of several runs; the last column is the time per entry against
//! that of the feed of 10,000 entries, so that 1.0 is linear.

use std::hint::black_box;
use std::time::{Duration, Instant};

use iiswsgi::feed::{self, About, Application, Feed, Options, PackageFile, Timestamp};

const SIZES: [usize; 3] = [1_000, 10_000, 20_000];
const RUNS: usize = 5;

type Work = fn(&Sample) -> usize;

#[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
fn main() {
    println!("{:<8} {:>8} {:>10} {:>12} {:>9}", "work", "entries", "size", "time", "per entry");
    let works: [(&str, Work); 4] = [
        ("write", |sample| feed::write(&sample.feed).map_or(0, |text| text.len())),
        ("read", |sample| feed::read(sample.text.as_bytes()).map_or(0, |feed| feed.entries.len())),
        ("check", |sample| feed::check(sample.text.as_bytes()).len()),
        ("merge", |sample| {
            feed::merge(sample.text.as_bytes(), &sample.feed).map_or(0, |merged| merged.text.len())
        }),
    ];
    let samples = SIZES.map(Sample::new);
    for (name, work) in works {
        let times = samples.each_ref().map(|sample| best(|| work(sample)));
        let unit = times[1].as_secs_f64() / 10_000.0;
        for (sample, time) in samples.iter().zip(times) {
            let entries = sample.feed.entries.len();
            let megabytes = sample.text.len() / 1_000_000;
            let milliseconds = time.as_secs_f64() * 1000.0;
            #[expect(clippy::cast_precision_loss, reason = "entries are few")]
            let ratio = time.as_secs_f64() / entries as f64 / unit;
            println!("{name:<8} {entries:>8} {megabytes:>7} MB {milliseconds:>9.1} ms {ratio:>9.2}");
        }
    }
}

struct Sample {
    feed: Feed,
    text: String,
}

impl Sample {
    fn new(entries: usize) -> Self {
        let options = Options::default();
        let updated = Timestamp::as_written("2026-11-22T17:00:00Z");
        let mut feed = Feed::new("https://example.com/feed.xml", "Many applications", updated);
        feed.entries = (0..entries).map(|number| application(number).entry(&options)).collect();
        feed.complete_lists();
        let text = feed::write(&feed).unwrap_or_default();
        Self { feed, text }
    }
}

fn application(number: usize) -> Application {
    let given = |text: &str| Some(format!("{text}{number}"));
    Application {
        about: About {
            name: format!("Application{number}"),
            version: "1.2.3".into(),
            summary: given("An application, one of many: "),
            description: Some("A line of the description.\n".repeat(10)),
            url: given("https://example.com/applications/"),
            author: given("Author "),
            license_url: given("https://example.com/licenses/"),
            keywords: vec!["wsgi".into(), format!("group{}", number % 100)],
            ..About::default()
        },
        file: PackageFile {
            url: format!("https://example.com/packages/Application{number}-1.2.3.msdeploy.zip"),
            size: 123_456,
            sha1: "da39a3ee5e6b4b0d3255bfef95601890afd80709".into(),
        },
        ..Application::default()
    }
}

fn best(mut work: impl FnMut() -> usize) -> Duration {
    let time = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..RUNS).map(time).min().unwrap_or_default()
}
