//! `changeover pace`: how fast what runs long may go, and when builds may begin; without options shows it.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::operator::Desk;
use crate::output::Output;
use crate::view::control as view;
use changeover::control::{Wishes, operator::PaceWish};
use serde_json::json;
use std::str::FromStr;

const EXAMPLES: &str = "\
Examples:
  changeover pace                       what is set
  changeover pace --max-share 0.3       work three tenths of the time at most
  changeover pace --min-share 0         stand still where clients would wait too long
  changeover pace --probe-factor 2      a commit may take twice what it took before
  changeover pace --hours 22-5 --time-zone Europe/Berlin
                                        builds and validations begin at night only
  changeover pace --max-share default --hours any
                                        take these two back
  changeover pace --reset               take all of it back

Options that are not given stay as they are. Heeded within half a second by whichever instance
migrates, in the middle of a step too.";

/// Arguments of `changeover pace`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The share of the time that is worked at most, above 0, to 1
    #[arg(long, value_name = "SHARE")]
    max_share: Option<Setting<f64>>,
    /// The share of the time that is worked at least, whatever clients bear; 0: may stand still
    #[arg(long, value_name = "SHARE")]
    min_share: Option<Setting<f64>>,
    /// By which factor of its base what clients feel may grow, from 1
    #[arg(long, value_name = "FACTOR")]
    probe_factor: Option<Setting<f64>>,
    /// The hours in which builds, validations and drops of indexes may begin, or `any`
    #[arg(long, value_name = "FROM-TO")]
    hours: Option<Setting<String>>,
    /// On whose clock the hours are [default: as it was, else UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Take all of it back first
    #[arg(long)]
    reset: bool,
}

/// A value, or the default.
#[derive(Clone, Debug, PartialEq)]
struct Setting<T>(Option<T>);

impl<T: FromStr> FromStr for Setting<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        if matches!(text, "default" | "any") {
            return Ok(Self(None));
        }
        text.parse().map(|value| Self(Some(value)))
    }
}

/// Sets what is given, or shows what is set.
pub(crate) async fn run(args: Args, output: &Output) -> Result<ExitCode, Failure> {
    let desk = Desk::open(&args.database).await?;
    let mut now = desk.operator.wishes().await?;
    if !args.only_shows() {
        desk.operator.set_pace(&args.wish(&now)).await?;
        now = desk.operator.wishes().await?;
    }
    if output.wants_json() {
        output.json(&json!({ "control": now }))?;
    } else {
        output.line(view::pace(&now))?;
    }
    Ok(ExitCode::Ok)
}

impl Args {
    fn only_shows(&self) -> bool {
        !self.reset
            && self.max_share.is_none()
            && self.min_share.is_none()
            && self.probe_factor.is_none()
            && self.hours.is_none()
            && self.time_zone.is_none()
    }

    /// All of it: what is given over what was set.
    fn wish(self, before: &Wishes) -> PaceWish {
        let none = Wishes::default();
        let before = if self.reset { &none } else { before };
        let or = |given: Option<Setting<f64>>, set: Option<f64>| given.map_or(set, |given| given.0);
        let hours = before.hours.as_ref();
        let set_hours = hours.map(|hours| format!("{}-{}", hours.from, hours.to));
        PaceWish {
            max_share: or(self.max_share, before.max_share),
            min_share: or(self.min_share, before.min_share),
            probe_factor: or(self.probe_factor, before.probe_factor),
            hours: self.hours.map_or(set_hours, |given| given.0),
            time_zone: self.time_zone.or_else(|| hours.map(|hours| hours.time_zone.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_stays() {
        let before: Wishes = serde_json::from_value(json!({
            "max_share": 0.3, "probe_factor": 2.0,
            "hours": { "from": 22, "to": 5, "time_zone": "Asia/Tokyo", "is_open": false },
        }))
        .unwrap();
        let args = |reset, hours: Option<&str>| Args {
            database: DatabaseArgs { app: None, database_url: None },
            max_share: Some(Setting(None)),
            min_share: Some("0.1".parse().unwrap()),
            probe_factor: None,
            hours: hours.map(|hours| hours.parse().unwrap()),
            time_zone: None,
            reset,
        };
        let wish = args(false, None).wish(&before);
        assert_eq!(
            (wish.max_share, wish.min_share, wish.probe_factor),
            (None, Some(0.1), Some(2.0))
        );
        assert_eq!(wish.hours.as_deref(), Some("22-5"));
        assert_eq!(wish.time_zone.as_deref(), Some("Asia/Tokyo"));
        assert_eq!(args(false, Some("any")).wish(&before).hours, None);
        assert_eq!(args(true, None).wish(&before).probe_factor, None);
        assert!("half".parse::<Setting<f64>>().is_err());
    }
}
