//! Single samples of an exposition.

/// One sample of the exposition by its name and labels, as far as they are given.
pub(crate) fn sample(metrics: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let wanted = |line: &&str| {
        let is_of_family = line
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{'));
        let label = |(key, value): &(&str, &str)| line.contains(&format!("{key}=\"{value}\""));
        is_of_family && labels.iter().all(label)
    };
    let line = metrics.lines().find(wanted)?;
    line.rsplit_once(' ')?.1.parse().ok()
}

/// A sample of a family without labels.
pub(crate) fn gauge(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    let value = line.and_then(|rest| rest.strip_prefix(' ')?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in:\n{metrics}"))
}
