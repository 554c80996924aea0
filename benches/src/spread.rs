//! Many measurements of one thing in three numbers.

/// Of seconds, or of anything else that is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) worst: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let Some(&worst) = values.last() else {
            return Self::default();
        };
        let last = values.len() - 1;
        Self {
            count: values.len(),
            median: values[last / 2],
            p99: values[last - last / 100],
            worst,
        }
    }

    /// `MEDIAN / P99 / WORST`, of seconds, in milliseconds.
    pub(crate) fn milliseconds(self) -> String {
        let [median, p99, worst] = [self.median, self.p99, self.worst].map(|value| value * 1e3);
        format!("{median:.2} / {p99:.2} / {worst:.2}")
    }
}

/// The value in the middle; 0 for none.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    Spread::of(values).median
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_the_last_hundredth_and_the_end() {
        let spread = Spread::of((0..=200).rev().map(f64::from));
        assert_eq!(
            (spread.median, spread.p99, spread.worst),
            (100.0, 198.0, 200.0)
        );
        assert_eq!(Spread::of([]), Spread::default());
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }
}
