//! Where the servers listen, always on 127.0.0.1.

/// A port for each door. None is one that such a server takes by itself, so that ours never meet
/// a server which the machine's owner runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// `PostgreSQL`.
    pub postgres: u16,
    /// RabbitMQ, for programs.
    pub amqp: u16,
    /// RabbitMQ's management API.
    pub management: u16,
    /// RabbitMQ, for other nodes, of which there are none.
    pub distribution: u16,
    /// Erlang's register of nodes, which RabbitMQ doesn't start without.
    pub epmd: u16,
    /// Redis.
    pub redis: u16,
}

impl Ports {
    /// Those of `cargo xtask services`.
    pub const SHARED: Self = Self {
        postgres: 54329,
        amqp: 56729,
        management: 56730,
        distribution: 56731,
        epmd: 56732,
        redis: 63799,
    };

    /// Six ports in a row, for servers beside all others: such as those of `free_ports::block`.
    #[must_use]
    pub const fn from(first: u16) -> Self {
        Self {
            postgres: first,
            amqp: first + 1,
            management: first + 2,
            distribution: first + 3,
            epmd: first + 4,
            redis: first + 5,
        }
    }

    /// All of them `by` higher: a second set of servers beside the first.
    #[must_use]
    pub fn shifted(self, by: u16) -> Option<Self> {
        Some(Self {
            postgres: self.postgres.checked_add(by)?,
            amqp: self.amqp.checked_add(by)?,
            management: self.management.checked_add(by)?,
            distribution: self.distribution.checked_add(by)?,
            epmd: self.epmd.checked_add(by)?,
            redis: self.redis.checked_add(by)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Ports;

    #[test]
    fn a_second_set_is_beside_the_first() {
        let second = Ports::SHARED.shifted(100).unwrap();
        assert_eq!((second.postgres, second.redis), (54429, 63899));
        assert_eq!(Ports::SHARED.shifted(0), Some(Ports::SHARED));
        assert_eq!(Ports::SHARED.shifted(2000), None, "there are no such ports");
    }
}
