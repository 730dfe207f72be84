//! Numbers for people: counts, times, shares, bars.

use std::time::Duration;

/// How long a bar is, in characters: figures in the tens of millions still fit beside it in 80.
const BAR_CHARS: usize = 10;

/// A count with its thousands apart: `2,000,000`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 step`, `2 steps`.
pub(crate) fn counted(number: usize, one: &str, several: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {several}") }
}

/// A time in its two largest units: `12 ms`, `3.4 s`, `2 min 05 s`, `3 h 07 min`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 if time.as_millis() == 0 => "< 1 ms".to_owned(),
        0 => format!("{} ms", time.as_millis()),
        1..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// A time in milliseconds as the database has it; negative ones (clocks) count as none.
pub(crate) fn time_ms(time_ms: i64) -> String {
    time(Duration::from_millis(u64::try_from(time_ms).unwrap_or(0)))
}

/// An estimate in seconds; `None` where it is no number anybody could wait for.
pub(crate) fn time_left(seconds: f64) -> Option<String> {
    let left = Duration::try_from_secs_f64(seconds.ceil()).ok()?;
    // Fractions of an estimated second are noise.
    Some(if left.as_secs() < 10 { format!("{} s", left.as_secs()) } else { time(left) })
}

/// A share from 0 to 1 in percent. 100 only when it is complete.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
pub(crate) fn percent(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0).floor() as u8
}

/// A bar for a share from 0 to 1.
pub(crate) fn bar(share: f64) -> String {
    let filled = usize::from(percent(share)) * BAR_CHARS / 100;
    format!("{}{}", "█".repeat(filled), "░".repeat(BAR_CHARS - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(
            [count(0), count(999), count(1000), count(2_000_000)].join(" "),
            "0 999 1,000 2,000,000"
        );
        let times = [7, 3_400, 42_000, 125_000, 11_220_000, 90_000_000].map(time_ms).join(", ");
        assert_eq!(times, "7 ms, 3.4 s, 42 s, 2 min 05 s, 3 h 07 min, 1 d 01 h");
        assert_eq!(time_left(f64::INFINITY), None);
        assert_eq!(time_left(0.2).as_deref(), Some("1 s"));
        assert_eq!((percent(0.999), percent(1.0), percent(f64::NAN)), (99, 100, 0));
        assert_eq!(bar(0.5).chars().filter(|square| *square == '█').count(), 5);
    }
}
