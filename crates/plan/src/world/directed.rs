//! What the author's directives say of the statement at work: permissions, the phase, what has no effect.
//!
//! A directive that changes nothing is refused: its author expects something of it.

use super::{placement::Placement, refused::Refused, work::Work};
use crate::{
    model::step::{Phase, Step},
    rule,
    sql::StatementKind,
};

impl Work<'_> {
    /// Refuses unless the author allows the rule, giving a reason.
    pub(crate) fn refuse_unless_allowed(&self, refused: Refused) -> Result<(), Refused> {
        debug_assert!(
            refused.rule.allowable,
            "{} is not in the list of what may be allowed",
            refused.rule.id
        );
        match self.directives.allows(refused.rule.id) {
            Some(_) => Ok(()),
            None => Err(refused),
        }
    }

    /// The author's reason why older releases comply with what is tightened, if he gave one.
    pub(crate) fn old_complies(&self) -> Option<&str> {
        self.consulted.borrow_mut().insert("old-complies");
        self.directives.old_complies.as_deref()
    }

    /// The author's reason why the users' own triggers may fire, where one is given.
    pub(crate) fn user_triggers_fire(&self) -> Option<&str> {
        self.consulted.borrow_mut().insert("user-triggers");
        self.directives.user_triggers_fire.as_deref()
    }

    /// A permission that has no effect: no rewrite of this statement asks for it.
    fn idle_permission(&self) -> Option<String> {
        let given = [
            self.directives.old_complies.as_ref().map(|_| "old-complies"),
            self.directives.user_triggers_fire.as_ref().map(|_| "user-triggers"),
        ];
        let consulted = self.consulted.borrow();
        let idle = given.into_iter().flatten().find(|permission| !consulted.contains(permission));
        idle.map(str::to_owned)
    }

    /// `allow=` takes only rules that may be allowed. Whether one of them applies depends on the
    /// database, so it need not.
    fn allows_what_may_be_allowed(&self) -> Result<(), Refused> {
        for id in self.directives.allow.keys() {
            let (reason, remedy) = match rule::find(id) {
                Some(rule) if rule.allowable => continue,
                Some(_) => (
                    format!("the rule `{id}` cannot be allowed"),
                    format!("rewrite the statement: `changeover rules {id}` shows how"),
                ),
                None => (
                    format!("there is no rule `{id}`"),
                    "`changeover rules` lists them, and which may be allowed".to_owned(),
                ),
            };
            return Err(Refused::new(&rule::directive::RULE, reason, remedy));
        }
        Ok(())
    }

    /// Refuses directives that have no effect on this statement: their author expects one.
    pub(crate) fn directives_used(&self) -> Result<(), Refused> {
        self.allows_what_may_be_allowed()?;
        let steps = &self.world.records.steps[self.first_step..];
        let has = |phase| steps.iter().any(|step: &Step| step.phase == phase);
        let is_update = matches!(*self.statement.kind, StatementKind::Update(_));
        let unused = if self.directives.before_serving && !has(Phase::Online) {
            Some("before-serving".to_owned())
        } else if self.directives.unused_since.is_some() && !has(Phase::Contract) {
            Some("unused-since".to_owned())
        } else if self.directives.sync.is_some() && !is_update {
            Some("sync".to_owned())
        } else {
            self.idle_permission()
        };
        if let Some(key) = unused {
            return Err(Refused::new(
                &rule::directive::RULE,
                format!("`{key}` has no effect on this statement"),
                "remove it, or put it before the statement that it is meant for",
            ));
        }
        match self.directives.unused_since {
            Some(since) if since > self.migration.number => Err(Refused::new(
                &rule::directive::RULE,
                format!("`unused-since={since}` names a release after this one"),
                "name the head of the first release that does without it, this one at the latest",
            )),
            _ => Ok(()),
        }
    }

    /// `phase=` may move a step later, never earlier.
    pub(super) fn obey(&self, placement: &mut Placement) -> Result<(), Refused> {
        let Some(wanted) = self.directives.phase else {
            return Ok(());
        };
        let is_first = self.world.records.steps.len() == self.first_step;
        if wanted < placement.phase && is_first {
            return Err(Refused::new(
                &rule::phase_too_early::RULE,
                format!("this belongs into {}: {}", placement.phase, placement.reason),
                format!("remove `phase={wanted}`, or choose a later phase"),
            ));
        }
        if wanted > placement.phase {
            placement.reason =
                format!("{}; moved to {wanted} by `phase={wanted}`", placement.reason);
            placement.phase = wanted;
        }
        if placement.phase == Phase::Contract && placement.floor.is_none() {
            placement.floor = Some(self.floor());
        }
        Ok(())
    }
}
