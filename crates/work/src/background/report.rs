//! What became of the background work when the process was told to go.

/// What a drain did. Empty lists: there was nothing of that kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Workers that a named successor has now.
    pub handed_over: Vec<String>,
    /// Workers given back with nobody ready to have them: they are free for whoever comes.
    pub given_back: Vec<String>,
    /// Workers and jobs whose unit of work did not end within the budget: it was cancelled and rolled
    /// back, and whoever owns it next does it again.
    pub cut: Vec<String>,
    /// Jobs that were claimed and not begun, returned without counting as an attempt.
    pub jobs_returned: u64,
}

impl DrainReport {
    /// Whether every unit of work that had begun has ended by itself.
    pub fn is_clean(&self) -> bool {
        self.cut.is_empty()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.handed_over.extend(other.handed_over);
        self.given_back.extend(other.given_back);
        self.cut.extend(other.cut);
        self.jobs_returned += other.jobs_returned;
    }
}
