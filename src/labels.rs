//! Closed sets whose members are spelled once.
//!
//! Label values, configuration words and JSON words are the same strings; each
//! set is an enum and its spelling stands next to the variant.

/// Declares a closed set: the enum, `ALL`, `as_str`, `Display`, `FromStr` and serde, all from one spelling.
macro_rules! closed_set {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name { $( $(#[$doc])* #[serde(rename = $text)] $variant, )+ }

        impl $name {
            /// Every member, in the order of declaration.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),+];

            /// The one spelling of this member.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text ),+ }
            }
        }

        impl $crate::labels::ClosedSet for $name {
            fn words() -> Vec<&'static str> {
                Self::ALL.iter().map(|member| member.as_str()).collect()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::labels::UnknownMember;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|member| member.as_str() == text).ok_or_else(|| {
                    $crate::labels::UnknownMember {
                        given: text.to_owned(),
                        known: <Self as $crate::labels::ClosedSet>::words(),
                    }
                })
            }
        }
    };
}
pub(crate) use closed_set;

/// What can be said of every closed set.
pub(crate) trait ClosedSet: std::str::FromStr<Err = UnknownMember> {
    /// The spellings of all members.
    fn words() -> Vec<&'static str>;
}

/// A word that is not a member of a closed set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", crate::problem::unknown_word(given, known))]
pub struct UnknownMember {
    /// What was written.
    pub given: String,
    /// What may be written.
    pub known: Vec<&'static str>,
}
