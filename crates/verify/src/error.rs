//! What can go wrong while verifying, as opposed to what verifying finds.

/// An upgrade could not be tried, or could not be watched.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A throw-away database could not be made.
    #[error("no throw-away database")]
    Admin(#[from] changeover_postgres::AdminError),
    /// No connection for watching.
    #[error("could not connect for {purpose}")]
    Connect {
        /// What it was for.
        purpose: &'static str,
        /// Why.
        #[source]
        source: changeover::ConnectError,
    },
    /// A statement of the verifier itself failed.
    #[error("{action} failed")]
    Sql {
        /// What was tried.
        action: &'static str,
        /// Why.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The upgrade itself failed.
    #[error("the upgrade failed")]
    Upgrade(#[source] Box<changeover::Error>),
    /// The planner refuses the migrations; nothing was run.
    #[error("the planner refuses: {reasons}")]
    Refused {
        /// File, line and reason of each statement.
        reasons: String,
    },
    /// The upgrade ended with steps that count as failed.
    #[error("steps failed: {steps}")]
    StepsFailed {
        /// Their ids and errors.
        steps: String,
    },
    /// The ledger holds a step that this version does not understand.
    #[error("step {step} of the ledger is not understood")]
    Ledger {
        /// Its id.
        step: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The proxy has no port.
    #[error("the proxy cannot listen")]
    Proxy {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What logical decoding gave is not understood.
    #[error("not understood of logical decoding: {line}")]
    Decoding {
        /// The line.
        line: String,
    },
    /// The task that watched ended without an answer.
    #[error("the watching task ended early")]
    WatchLost,
}

impl VerifyError {
    /// For `map_err` on a statement of the verifier.
    pub(crate) fn sql(action: &'static str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        move |source| Self::Sql { action, source }
    }
}

impl From<changeover::Error> for VerifyError {
    fn from(error: changeover::Error) -> Self {
        let changeover::Error::Refused { plan } = &error else {
            return Self::Upgrade(Box::new(error));
        };
        let reasons = plan.refusals.iter().map(|refusal| {
            let changeover_plan::Refusal { file, line, reason, .. } = refusal;
            format!("{file}:{line}: {reason}")
        });
        Self::Refused { reasons: reasons.collect::<Vec<_>>().join("; ") }
    }
}
