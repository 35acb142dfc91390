//! Durations as people write them, such as `30m` and `7d`.

use time::Duration;

/// The longest duration: about a hundred years, so that no date overflows.
const MAX: Duration = Duration::days(36_500);

/// Reads a duration of whole seconds. Returns `None` if it is none, or is shorter than a second or longer
/// than a hundred years.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let duration = humantime::parse_duration(text).ok()?;
    Duration::try_from(duration)
        .ok()
        .filter(|it| (Duration::SECOND..=MAX).contains(it) && it.subsec_nanoseconds() == 0)
}

/// Writes a number of seconds in days, hours, minutes and seconds, as in `1d 30m`. There are no longer
/// units, because months and years differ in length.
pub(crate) fn show(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<_> = parts
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_shown_as_it_is_written() {
        for text in ["40d", "7d", "30m", "1d 30m", "23h 59m 59s", "36500d", "1s"] {
            let duration = parse(text).expect("a duration");
            assert_eq!(show(duration.unsigned_abs().as_secs()), text);
        }
        assert_eq!(show(0), "0s");
        assert_eq!(show(90 * 60), "1h 30m");
    }
}
