//! Figures that were measured several times: medians and other shares of them, for all benchmarks alike.

use anyhow::ensure;

/// Figures from the least to the most; at least one.
pub(crate) struct Measured(Vec<f64>);

impl Measured {
    /// Sorts them.
    ///
    /// # Errors
    /// Where there is none: the budget ended before the first.
    pub(crate) fn new(mut figures: Vec<f64>) -> anyhow::Result<Self> {
        ensure!(!figures.is_empty(), "the budget did not suffice for one measurement");
        figures.sort_by(f64::total_cmp);
        Ok(Self(figures))
    }

    /// The figure that `percent` of them lie below; 50 is the median, of an even number the upper one.
    pub(crate) fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() * percent / 100).min(self.0.len() - 1)]
    }

    /// The median.
    pub(crate) fn median(&self) -> f64 {
        self.at(50)
    }

    /// The least.
    pub(crate) fn least(&self) -> f64 {
        self.at(0)
    }

    /// The most.
    pub(crate) fn most(&self) -> f64 {
        self.at(100)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_sorted_figures() {
        assert!(Measured::new(Vec::new()).is_err());
        let four = Measured::new(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        let shares = [four.least(), four.median(), four.at(95), four.most()];
        assert!(
            shares.iter().zip([1.0, 3.0, 4.0, 4.0]).all(|(is, right)| (is - right).abs() < 1e-9)
        );
        let one = Measured::new(vec![7.0]).unwrap();
        assert!((one.least() - one.most()).abs() < 1e-9 && one.count() == 1);
    }
}
