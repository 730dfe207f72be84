//! What the commands by which operators control an upgrade have in common: the connection, who asks, what is shown.

use crate::arguments::DatabaseArgs;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Watcher;
use crate::settings::{Settings, owner_url};
use crate::view::control as view;
use changeover::control::operator::Operator;
use changeover::status::Status;
use serde_json::json;

/// Where the person's name is looked for, in this order.
const PERSON_VARIABLES: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];

/// The connection of an operator's command.
pub(crate) struct Desk {
    pub(crate) operator: Operator,
    app: String,
    url: String,
}

impl Desk {
    /// Connects in the person's name; where nobody is known, in the login's.
    pub(crate) async fn open(database: &DatabaseArgs) -> Result<Self, Failure> {
        let app = Settings::find()?.app(database);
        let url = owner_url(database)?;
        let variable = |name: &&str| std::env::var(name).ok().filter(|name| !name.is_empty());
        let person = PERSON_VARIABLES.iter().find_map(variable);
        let operator = Operator::connect(&url, &app, person.as_deref()).await?;
        Ok(Self { operator, app, url })
    }

    /// Where the application stands now, with what operators want.
    pub(crate) async fn status(&self) -> Result<Status, Failure> {
        Ok(Watcher::new(&self.url, &self.app).look().await?)
    }

    /// Says what was done, and what holds now.
    pub(crate) async fn tell(&self, done: &str, output: &Output) -> Result<ExitCode, Failure> {
        if output.wants_json() {
            let wishes = self.operator.wishes().await?;
            output.json(&json!({ "app": self.app, "control": wishes }))?;
            return Ok(ExitCode::Ok);
        }
        let status = self.status().await?;
        output.line(done)?;
        for line in view::lines(&status, output.columns()) {
            output.line(line)?;
        }
        Ok(ExitCode::Ok)
    }
}
