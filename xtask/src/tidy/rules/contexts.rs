//! Invariant 1: no context depends on another context; only on the events, the kernel, the ports.

use super::{CONTEXTS, TESTKIT};
use crate::tidy::Violation;
use crate::tidy::manifest::{self, Dependency};
use crate::tidy::source::File;
use crate::tidy::tree::Tree;

/// What every context may depend on, of our own crates.
const SHARED: &[&str] =
    &["events", "kernel", "outbox", "store", "bus", "ory", "http-kit", "telemetry"];

/// What one context alone may depend on: the permission engine belongs to `auth`.
const PRIVATE: &[(&str, &str)] = &[("auth", "permissions")];

const REASON: &str =
    "contexts meet through events and ports only, so that each can be changed and run alone";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let own: Vec<_> = tree.manifests().filter_map(File::crate_name).collect();
    let contexts = tree.manifests().filter(|manifest| manifest.is_in(CONTEXTS));
    contexts.flat_map(|manifest| check_context(manifest, &own)).collect()
}

fn check_context(manifest: &File, own: &[&str]) -> Vec<Violation> {
    let context = manifest.crate_name().unwrap_or_default();
    let dependencies = manifest::dependencies(manifest).into_iter();
    let ours = dependencies.filter(|dependency| {
        let package = dependency.package.as_str();
        own.contains(&package) || CONTEXTS.contains(&package)
    });
    ours.filter(|dependency| !permitted(context, dependency))
        .map(|Dependency { package, line, .. }| {
            let message = format!("the context `{context}` depends on `{package}`");
            Violation::new(manifest, line, message, REASON)
        })
        .collect()
}

fn permitted(context: &str, dependency: &Dependency) -> bool {
    let package = dependency.package.as_str();
    SHARED.contains(&package)
        || PRIVATE.contains(&(context, package))
        || (dependency.for_tests && package == TESTKIT)
}

#[cfg(test)]
mod tests {
    use super::super::testing::places;
    use super::check;

    const OTHERS: [(&str, &str); 4] = [
        ("crates/gateway/Cargo.toml", "[dependencies]\norders.workspace = true\n"),
        ("crates/permissions/Cargo.toml", ""),
        ("crates/testkit/Cargo.toml", ""),
        ("crates/kernel/Cargo.toml", ""),
    ];

    fn complaints(path: &str, manifest: &str) -> Vec<String> {
        let mut files = vec![(path, manifest)];
        files.extend(OTHERS);
        places(check, &files)
    }

    #[test]
    fn another_context_is_out_of_reach() {
        let manifest = "[dependencies]\nkernel.workspace = true\ntickets.workspace = true\n";
        let found = complaints("crates/orders/Cargo.toml", manifest);
        assert_eq!(found, ["crates/orders/Cargo.toml:3"]);
        let manifest = "[dev-dependencies]\ntickets = { path = \"../tickets\" }\n";
        let found = complaints("crates/orders/Cargo.toml", manifest);
        assert_eq!(found, ["crates/orders/Cargo.toml:2"]);
    }

    #[test]
    fn so_is_every_crate_of_ours_that_is_no_port() {
        let manifest = "[dependencies]\ngateway.workspace = true\ntestkit.workspace = true\n";
        let found = complaints("crates/orders/Cargo.toml", manifest);
        assert_eq!(found, ["crates/orders/Cargo.toml:2", "crates/orders/Cargo.toml:3"]);
    }

    #[test]
    fn the_kernel_and_strangers_are_welcome_and_tests_may_use_the_testkit() {
        let manifest = "[dependencies]\nkernel.workspace = true\naxum.workspace = true\n\
            [dev-dependencies]\ntestkit.workspace = true\n";
        assert!(complaints("crates/orders/Cargo.toml", manifest).is_empty());
    }

    #[test]
    fn permissions_belong_to_auth() {
        let manifest = "[dependencies]\npermissions.workspace = true\n";
        assert!(complaints("crates/auth/Cargo.toml", manifest).is_empty());
        assert_eq!(complaints("crates/orders/Cargo.toml", manifest).len(), 1);
    }
}
