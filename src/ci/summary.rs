//! The step summary's limit.

/// How large the summary of a step may be, in bytes: GitHub shows nothing of a larger one.
pub(super) const LIMIT: u64 = 1024 * 1024;

/// What stands at the end of a summary that is cut.
const CUT: &str = "\n_There is more, and GitHub shows no summary above 1 MiB: the report has it all._\n";

/// The text in at most so many bytes, cut between two lines. A code block that is open there is closed, so that the
/// note is read as one.
pub(super) fn cut(markdown: &str, room: u64) -> String {
    let whole = format!("{}\n", markdown.trim_end());
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if whole.len() <= room {
        return whole;
    }
    // The fence of a block is the first thing on its line and seldom longer than this.
    let spare = CUT.len() + 80;
    let mut text = String::new();
    let mut fence: Option<&str> = None;
    for line in whole.split_inclusive('\n') {
        if text.len() + line.len() + spare > room {
            break;
        }
        text.push_str(line);
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        fence = match fence {
            Some(open) if ticks.len() >= open.len() && line.trim_matches('`').trim().is_empty() => None,
            None if ticks.len() >= 3 => Some(ticks),
            other => other,
        };
    }
    if let Some(fence) = fence.filter(|fence| fence.len() < 70) {
        text.push_str(fence);
        text.push('\n');
    }
    if text.len() + CUT.len() <= room {
        text.push_str(CUT);
    }
    text
}
