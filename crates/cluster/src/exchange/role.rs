//! What the processes of the exchange are for.

/// One of the services, as `ticketing serve` calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// People, sessions, and who may do what.
    Auth,
    /// What is for sale.
    Tickets,
    /// Reservations.
    Orders,
    /// Money.
    Payments,
    /// Deadlines.
    Expiration,
    /// The documents, health, and all else.
    Gateway,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Auth, Self::Tickets, Self::Orders, Self::Payments, Self::Expiration, Self::Gateway];

    /// Its name on the command line, and of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Tickets => "tickets",
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Expiration => "expiration",
            Self::Gateway => "gateway",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}
