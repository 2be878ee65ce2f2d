//! Shows: a band plays in a hall of a city on a day, and has seats of several kinds.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use kernel::{MajorUnits, Timestamp};
use tickets::commands::create_ticket::CreateTicket;
use tickets::domain::{Description, TicketTitle};

use super::dice::Dice;

const KINDS: [&str; 36] = [
    "Amber",
    "Ancient",
    "Broken",
    "Copper",
    "Crimson",
    "Distant",
    "Electric",
    "Empty",
    "Feral",
    "Foreign",
    "Frozen",
    "Golden",
    "Hollow",
    "Humble",
    "Idle",
    "Ivory",
    "Jagged",
    "Little",
    "Lost",
    "Lunar",
    "Magnetic",
    "Marble",
    "Midnight",
    "Modern",
    "Northern",
    "Paper",
    "Patient",
    "Quiet",
    "Restless",
    "Silver",
    "Sleeping",
    "Solar",
    "Sunken",
    "Velvet",
    "Wandering",
    "Wild",
];

const THINGS: [&str; 36] = [
    "Anchors",
    "Arcades",
    "Atlas",
    "Birds",
    "Bridges",
    "Captains",
    "Choir",
    "Comets",
    "Cranes",
    "Dancers",
    "Echoes",
    "Engines",
    "Foxes",
    "Gardens",
    "Ghosts",
    "Harbour",
    "Horses",
    "Islands",
    "Kites",
    "Ladders",
    "Lanterns",
    "Letters",
    "Mirrors",
    "Motors",
    "Oceans",
    "Orchestra",
    "Owls",
    "Pilots",
    "Rivers",
    "Saints",
    "Shadows",
    "Signals",
    "Sparrows",
    "Stations",
    "Tigers",
    "Waves",
];

/// Cities with the halls in them.
const CITIES: [(&str, [&str; 3]); 20] = [
    ("Amsterdam", ["Grachtzaal", "Noordkade", "Pakhuis 9"]),
    ("Barcelona", ["Sala Migdia", "Teatre del Port", "La Nau"]),
    ("Berlin", ["Spreehalle", "Kesselhaus Ost", "Lichtspielhaus"]),
    ("Bologna", ["Teatro Portico", "Sala Rossa", "Officina"]),
    ("Brussels", ["Zennezaal", "Le Canal", "Halle du Midi"]),
    ("Budapest", ["Dunaterem", "Hajógyár", "Körút Klub"]),
    ("Copenhagen", ["Havnehallen", "Vesterscenen", "Lille Sal"]),
    ("Dublin", ["Liffey Hall", "The Granary", "Canal Stage"]),
    ("Hamburg", ["Elbspeicher", "Fischhalle", "Knust am Kai"]),
    ("Helsinki", ["Satamasali", "Tehdas", "Pohjola Klubi"]),
    ("Köln", ["Rheinrampe", "Alte Feuerwache", "Gleis 5"]),
    ("Kraków", ["Hala Kazimierz", "Klub Wisła", "Stara Wieża"]),
    ("Lisbon", ["Sala do Tejo", "Armazém 3", "Teatro Alto"]),
    ("Lyon", ["La Confluence", "Salle des Canuts", "Le Tunnel"]),
    ("Oslo", ["Fjordscenen", "Gamle Verk", "Bryggehallen"]),
    ("Paris", ["Salle Mercure", "Le Dépôt", "La Verrière"]),
    ("Prague", ["Vltava Hall", "Klub Komín", "Malá Scéna"]),
    ("Vienna", ["Gürtelbogen", "Donauhalle", "Kleine Bühne"]),
    ("Zürich", ["Seehalle", "Werk 2", "Limmatsaal"]),
    ("Ghent", ["De Kade", "Zaal Leie", "Het Spoor"]),
];

/// Kinds of places with how they cost, in hundredths of the show's price.
const PLACES: [(&str, usize); 4] =
    [("Standing", 100), ("Balcony", 130), ("Stalls", 160), ("Front row", 240)];

/// How prices end, in minor units.
const ENDINGS: [&str; 4] = ["00", "00", "50", "90"];

/// Shows begin within a year of now.
const DAYS: usize = 365;

/// Tickets of one show, at most: then comes another.
const TICKETS_MAX: usize = 40;

/// So many of the newest tickets are listed in turns: for about a hundred shows.
const IN_TURNS: usize = 2000;

/// One show after the other, with its tickets.
pub(super) struct Shows {
    /// Of the show that the last ticket was for; counted from zero.
    pub(super) number: usize,
    now: Timestamp,
    show: Show,
    left: usize,
}

#[derive(Clone)]
struct Show {
    band: String,
    city: &'static str,
    hall: &'static str,
    /// Such as `2027-03-12`.
    day: String,
    /// In whole major units.
    price: usize,
}

impl Shows {
    pub(super) fn new(dice: &mut Dice, now: Timestamp) -> Self {
        let (show, left) = (Show::invent(dice, now), 1 + dice.below(TICKETS_MAX));
        Self { number: 0, now, show, left }
    }

    /// The next ticket.
    pub(super) fn next(&mut self, dice: &mut Dice) -> anyhow::Result<CreateTicket> {
        if self.left == 0 {
            self.number += 1;
            (self.show, self.left) = (Show::invent(dice, self.now), 1 + dice.below(TICKETS_MAX));
        }
        self.left -= 1;
        self.show.ticket(dice)
    }
}

/// Puts the newest of `tickets`, which come with the numbers of their shows, in turns: whoever
/// looks at what is new sees many shows.
pub(super) fn take_turns<T>(tickets: Vec<(usize, T)>) -> Vec<(usize, T)> {
    let newest = tickets.len().saturating_sub(IN_TURNS);
    let mut turns: HashMap<usize, usize> = HashMap::new();
    let turn_of = |(index, (show, ticket)): (usize, (usize, T))| {
        let turn = turns.entry(show).or_default();
        *turn += 1;
        // those before keep their places; the first turn is the newest of all
        let turn = (index >= newest).then_some(Reverse(*turn));
        (turn, (show, ticket))
    };
    let mut all: Vec<_> = tickets.into_iter().enumerate().map(turn_of).collect();
    all.sort_by_key(|(turn, _)| *turn);
    all.into_iter().map(|(_, ticket)| ticket).collect()
}

impl Show {
    fn invent(dice: &mut Dice, now: Timestamp) -> Self {
        let (kind, thing) = (dice.pick(&KINDS), dice.pick(&THINGS));
        let (city, halls) = dice.pick(&CITIES);
        let days = 1 + dice.below(DAYS) as u64;
        let day = now.plus(Duration::from_secs(days * 24 * 3600)).to_string();
        Self {
            band: format!("{kind} {thing}"),
            city,
            hall: halls[dice.below(halls.len())],
            day: day.chars().take_while(|c| *c != 'T').collect(),
            price: 12 + dice.below(50) + dice.below(30),
        }
    }

    fn ticket(&self, dice: &mut Dice) -> anyhow::Result<CreateTicket> {
        let Self { band, city, hall, day, price } = self;
        let (place, hundredths) = dice.pick(&PLACES);
        let description = match *place {
            "Standing" => format!("{hall}, {city}. Standing, doors open at 19:00."),
            place => {
                let (row, seat) = (1 + dice.below(24), 1 + dice.below(40));
                format!("{hall}, {city}. {place}, row {row}, seat {seat}.")
            }
        };
        let price = format!("{}.{}", price * hundredths / 100, dice.pick(&ENDINGS));
        Ok(CreateTicket {
            title: TicketTitle::parse(&format!("{band}, {city}, {day}"))?,
            description: Some(Description::parse(&description)?),
            price: MajorUnits::parse(&price)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use kernel::{Clock, SystemClock};

    use super::*;

    fn tickets(seed: u64, count: usize) -> Vec<String> {
        let mut dice = Dice::new(seed);
        let mut shows = Shows::new(&mut dice, Timestamp::from_micros(0));
        let ticket = |_| {
            let CreateTicket { title, description, price } = shows.next(&mut dice).unwrap();
            let description = description.map(|text| text.as_str().to_owned());
            format!("{} / {} / {price:?}", title.as_str(), description.unwrap_or_default())
        };
        (0..count).map(ticket).collect()
    }

    #[test]
    fn a_seed_always_gives_the_same_tickets() {
        assert_eq!(tickets(7, 500), tickets(7, 500));
        assert_ne!(tickets(7, 500), tickets(8, 500));
        let mut different = tickets(7, 500);
        different.sort();
        different.dedup();
        assert!(different.len() > 300, "{}", different.len());
    }

    #[test]
    fn the_newest_are_for_many_shows_and_all_are_there() {
        let mut dice = Dice::new(7);
        let mut shows = Shows::new(&mut dice, Timestamp::from_micros(0));
        let number = |number| {
            shows.next(&mut dice).unwrap();
            (shows.number, number)
        };
        let listed: Vec<_> = (0..5000).map(number).collect();
        let mut turned = take_turns(listed.clone());
        let seen_first: HashSet<_> = turned.iter().rev().take(60).map(|(show, _)| *show).collect();
        assert_eq!(seen_first.len(), 60, "three pages");
        assert_eq!(turned[..3000], listed[..3000]);
        turned.sort_by_key(|(_, number)| *number);
        assert_eq!(turned, listed);
    }

    /// Whatever the dice say, the words fit a ticket's rules.
    #[test]
    fn every_word_fits() {
        let longest = |words: &[&str]| words.iter().map(|word| word.chars().count()).max().unwrap();
        let cities: Vec<_> = CITIES.iter().map(|(city, _)| *city).collect();
        let title = longest(&KINDS) + 1 + longest(&THINGS) + 2 + longest(&cities) + 2 + 10;
        assert!((3..=56).contains(&title), "{title}");
        let mut dice = Dice::new(1);
        let mut shows = Shows::new(&mut dice, SystemClock.now());
        for _ in 0..20_000 {
            shows.next(&mut dice).unwrap();
        }
    }
}
