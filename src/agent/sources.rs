//! From where everything is read, at the start and at every reload.

use std::path::PathBuf;

use super::Inputs;
use super::files::Files;
use crate::config::{ChosenFile, Config, DEFAULT_PATH, Settings};
use crate::discover::Environment;
use crate::problem::Problems;

/// What stays the same while the agent runs: the flags, the environment, and which file is the configuration.
#[derive(Debug, Clone)]
pub struct Sources {
    file: ChosenFile,
    flags: Settings,
    environment: Environment,
    serves: bool,
}

impl Sources {
    /// Flags over the file that was asked for, or over the usual one.
    pub fn new(file: Option<PathBuf>, flags: Settings, environment: Environment) -> Self {
        Self {
            file: ChosenFile::new(file, DEFAULT_PATH),
            flags,
            environment,
            serves: false,
        }
    }

    /// The same for a process that serves pages. Others do without the web config: they may not be able to read its keys.
    #[must_use]
    pub fn of_a_server(self) -> Self {
        Self {
            serves: true,
            ..self
        }
    }

    /// Reads everything, and notes in `files` what stood where.
    ///
    /// # Errors
    /// Everything that is wrong in any file.
    pub fn load(&self, files: &mut Files) -> Result<Inputs, Problems> {
        files.look_at(&self.file.path);
        let file = self.file.is_given().then_some(self.file.path.as_path());
        let mut config = Config::load(file, self.flags.clone())?;
        if !self.serves {
            config.web.config_file = None;
        }
        Inputs::load(config, self.environment.clone(), files)
    }

    /// The usual file need not be there; but once it was read, its absence is no configuration.
    pub(super) fn hold_on_to(&mut self, files: &Files) {
        self.file.required |= files.had(&self.file.path);
    }

    /// That something went wrong for which no file is to blame.
    pub(super) fn trouble(&self, message: &str) -> Problems {
        Problems::of_file(&self.file.path, message)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_usual_file_may_be_missing_until_it_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        let mut sources = Sources::new(None, Settings::default(), Environment::default());
        sources.file.path.clone_from(&path);
        let mut files = Files::default();
        sources.load(&mut files).unwrap();
        sources.hold_on_to(&files);
        assert!(!sources.file.required, "it was not there");
        fs::write(&path, "cloud: china\n").unwrap();
        files.look_at(&path);
        sources.hold_on_to(&files);
        fs::remove_file(&path).unwrap();
        let problems = sources.load(&mut files).unwrap_err();
        assert!(
            problems.to_string().contains("cannot be read"),
            "{problems}"
        );
    }
}
