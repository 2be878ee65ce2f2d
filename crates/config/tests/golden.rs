//! `.env.example` is made from the settings; `UPDATE_GOLDEN=1 cargo test -p config` writes it anew.

use std::path::Path;

#[test]
fn the_example_is_what_the_settings_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example");
    let text = config::example::example();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(stored, text, ".env.example is stale: UPDATE_GOLDEN=1 cargo test -p config");
}
