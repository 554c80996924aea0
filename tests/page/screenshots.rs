//! Pictures for the documentation: `make screenshots` writes them, `make test` makes sure that they can be made.

use std::env;
use std::path::Path;

use crate::browser::{Look, browse};
use crate::scenes::{self, Scene};
use crate::still::Still;

/// Set by `make screenshots`.
const WRITE: &str = "WRITE_SCREENSHOTS";

#[test]
fn pictures_for_the_documentation_can_be_taken() {
    let target = "/status/mcr.microsoft.com:443/https";
    let tall = |look: Look, height| Look { height, ..look };
    let pictures = [
        ("all-green", Scene::AllGreen, "/status", Look::DESK),
        ("one-broken", Scene::OneBroken, "/status", Look::DESK),
        ("one-broken-dark", Scene::OneBroken, "/status", Look::DARK),
        ("one-broken-phone", Scene::OneBroken, "/status", Look::PHONE),
        (
            "everything-broken",
            Scene::EverythingBroken,
            "/status",
            Look::DESK,
        ),
        ("target", Scene::OneBroken, target, tall(Look::DESK, 1240)),
        ("target-phone", Scene::OneBroken, target, Look::PHONE),
    ];
    browse(async |chromium| {
        for (name, scene, path, look) in pictures {
            let still = Still::serve(scenes::report(scene)).await;
            let tab = chromium.open(&still.url(path), look).await;
            let picture = tab.screenshot(false).await;
            assert!(picture.starts_with(b"\x89PNG"), "{name}");
            if env::var_os(WRITE).is_some() {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/images");
                std::fs::create_dir_all(&folder).expect("a folder");
                std::fs::write(folder.join(format!("{name}.png")), picture).expect("a file");
            }
        }
    });
}
