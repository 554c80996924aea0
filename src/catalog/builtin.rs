//! The catalogue that the agent carries.

/// File names and texts, as they stand in the source tree.
pub(super) const FILES: &[(&str, &str)] = &[
    ("builtin/core.yaml", include_str!("builtin/core.yaml")),
    (
        "builtin/optional.yaml",
        include_str!("builtin/optional.yaml"),
    ),
    ("builtin/gpu.yaml", include_str!("builtin/gpu.yaml")),
    ("builtin/windows.yaml", include_str!("builtin/windows.yaml")),
    (
        "builtin/azure-monitor.yaml",
        include_str!("builtin/azure-monitor.yaml"),
    ),
    (
        "builtin/azure-policy.yaml",
        include_str!("builtin/azure-policy.yaml"),
    ),
    (
        "builtin/dev-spaces.yaml",
        include_str!("builtin/dev-spaces.yaml"),
    ),
    ("builtin/add-ons.yaml", include_str!("builtin/add-ons.yaml")),
];
