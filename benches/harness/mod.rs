//! What the benchmarks that compare with other tools share: rounds in which all take turns, and the table.
//!
//! Times are wall times. On a machine that does other things at the same time only the ratios of one run mean
//! something, so every contender runs once a round and the median and the best of the rounds are shown, with the processor
//! time beside it where the system tells it (Linux, in steps of 10 ms).

use std::time::{Duration, Instant};

/// One contender: what it is called and what it does. It gives the size of its output in bytes, 0 when that is not the
/// point.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'a str,
    pub(crate) run: Box<dyn FnMut() -> u64 + 'a>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'a str, run: impl FnMut() -> u64 + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// Runs all contenders in turns and prints the table. The first one is the one that the others are compared with.
#[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
pub(crate) fn compare(title: &str, rounds: usize, contenders: &mut [Contender<'_>]) {
    let mut times = vec![Vec::new(); contenders.len()];
    let mut sizes = vec![0; contenders.len()];
    let mut cpu = vec![Vec::new(); contenders.len()];
    let before = load();
    for _ in 0..rounds {
        for (index, contender) in contenders.iter_mut().enumerate() {
            let (start, used) = (Instant::now(), processor_time());
            sizes[index] = (contender.run)();
            times[index].push(start.elapsed());
            cpu[index].push(processor_time().saturating_sub(used));
        }
    }
    println!("\n{title}: {rounds} rounds in turns; load {before} before, {} after", load());
    println!(
        "{:<28} {:>9} {:>9} {:>9} {:>12} {:>11} {:>11} {:>7}",
        "", "median s", "best s", "cpu s", "bytes", "by median", "by best", "size"
    );
    let ours = (median(&mut times[0]), best(&times[0]), sizes[0]);
    for (index, contender) in contenders.iter().enumerate() {
        let (times, cpu, size) = (&mut times[index], &mut cpu[index], sizes[index]);
        let (best, cpu, median) = (best(times), median(cpu), median(times));
        println!(
            "{:<28} {:>9.3} {:>9.3} {:>9.2} {size:>12} {:>11.2} {:>11.2} {:>7.3}",
            contender.name,
            median.as_secs_f64(),
            best.as_secs_f64(),
            cpu.as_secs_f64(),
            median.as_secs_f64() / ours.0.as_secs_f64(),
            best.as_secs_f64() / ours.1.as_secs_f64(),
            ratio(size, ours.2),
        );
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn best(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a ratio is shown with three digits")]
fn ratio(one: u64, other: u64) -> f64 {
    if other == 0 { 1.0 } else { one as f64 / other as f64 }
}

/// The processor time of this process and of those that it has waited for.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the process, in brackets, may hold anything: fields are counted after it. From there 11 to 14 are
    // the times, in hundredths of a second (proc(5)).
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// The most memory that this process has had, in MB, where the system says so.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1000)
}

/// Whether an option is among the arguments.
pub(crate) fn flag(name: &str) -> bool {
    std::env::args().any(|argument| argument == name)
}

/// How many processes were running or waiting over the last minute, where the system says so.
fn load() -> String {
    let loads = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    loads.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown").to_owned()
}

/// The number of rounds: `--rounds N`, else what is given.
pub(crate) fn rounds(otherwise: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--rounds");
    arguments.nth(1).and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

/// The first argument that is no option of ours or of cargo.
pub(crate) fn path() -> Option<std::path::PathBuf> {
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--rounds" {
            arguments.next();
        } else if !argument.starts_with("--") {
            return Some(argument.into());
        }
    }
    None
}
