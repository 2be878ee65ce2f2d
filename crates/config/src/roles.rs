//! What a process runs: all of the exchange, or some of its services.

use clap::ValueEnum;

use crate::{Database, Settings};

/// A part of the exchange that a process can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// All of it.
    All,
    /// Identities, sessions, and who may do what.
    Auth,
    /// What is for sale.
    Tickets,
    /// Who has reserved what.
    Orders,
    /// Who pays, by which card.
    Payments,
    /// When the time to pay is over.
    Expiration,
    /// The pages, and the public edge: passes requests on to the services, where nothing else does.
    Gateway,
}

/// What a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// These; `all` among them means all.
    #[must_use]
    pub fn new(roles: &[Role]) -> Self {
        Self(if roles.contains(&Role::All) { vec![Role::All] } else { roles.to_vec() })
    }

    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::new(&[Role::All])
    }

    /// Whether it is everything.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.0.contains(&Role::All)
    }

    /// Whether `role` is among them.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.is_all() || self.0.contains(&role)
    }

    /// Whether one of `roles` is among them.
    #[must_use]
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// Whether they need servers (PostgreSQL and others): parts of the exchange always do, all of
    /// it when there is a database on one.
    #[must_use]
    pub fn are_distributed(&self, settings: &Settings) -> bool {
        !self.is_all() || settings.distributed.has_server()
    }

    /// The databases they work on.
    #[must_use]
    pub fn databases(&self) -> Vec<Database> {
        let needs = |database: &Database| {
            self.has(match database {
                Database::Auth => Role::Auth,
                Database::Cards | Database::Payments => Role::Payments,
                Database::Expiration => Role::Expiration,
                Database::Orders => Role::Orders,
                Database::Tickets => Role::Tickets,
            })
        };
        Database::ALL.into_iter().filter(needs).collect()
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, role) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let name = role.to_possible_value();
            write!(f, "{gap}{}", name.as_ref().map_or("", |name| name.get_name()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_all_and_some_are_some() {
        let all = Roles::new(&[Role::Orders, Role::All]);
        assert_eq!(all, Roles::all());
        assert!(all.is_all() && all.has(Role::Gateway) && all.databases().len() == 6);
        let some = Roles::new(&[Role::Orders, Role::Payments]);
        assert!(some.has(Role::Orders) && !some.has(Role::Auth) && !some.is_all());
        assert_eq!(some.to_string(), "orders payments");
        let databases = [Database::Cards, Database::Orders, Database::Payments];
        assert_eq!(some.databases(), databases);
        assert_eq!(Roles::new(&[Role::Gateway]).databases(), []);
    }
}
