//! People: a third of them sell, all of them buy.

use anyhow::{anyhow, ensure};
use auth::Auth;
use kernel::UserId;

use super::dice::Dice;
use super::progress::Progress;

const FIRST: [&str; 40] = [
    "ada", "amir", "anna", "asta", "bela", "carla", "cem", "chiara", "dana", "david", "elif",
    "emil", "esra", "farid", "greta", "hanna", "ida", "ines", "ivan", "jana", "jonas", "kaja",
    "karim", "lara", "leon", "lotte", "mara", "mats", "mila", "nadia", "nils", "noor", "olga",
    "pablo", "rosa", "samir", "selma", "theo", "vera", "yara",
];

const LAST: [&str; 40] = [
    "adler",
    "almeida",
    "andersen",
    "bakker",
    "berger",
    "bianchi",
    "costa",
    "demir",
    "dubois",
    "eriksen",
    "farah",
    "fischer",
    "garcia",
    "haas",
    "hansen",
    "horvat",
    "ibrahim",
    "jansen",
    "keller",
    "kowalski",
    "lang",
    "lindqvist",
    "lopez",
    "marin",
    "meyer",
    "moreau",
    "nowak",
    "okafor",
    "olsen",
    "petrov",
    "ricci",
    "rossi",
    "sato",
    "schmidt",
    "silva",
    "sorensen",
    "tanaka",
    "vogel",
    "weber",
    "yilmaz",
];

/// Letters and digits that nobody confuses.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters of a password: five bits each, so that nobody guesses one.
const PASSWORD_LETTERS: usize = 20;

/// People signed up between two signs of progress.
const BATCH: usize = 10_000;

/// Who was signed up in this run; at least two.
pub(super) struct People {
    /// Each with their e-mail address; the first third sells.
    pub(super) all: Vec<(UserId, String)>,
    /// Everybody's.
    pub(super) password: String,
}

impl People {
    pub(super) fn seller(&self) -> &(UserId, String) {
        &self.all[0]
    }

    pub(super) fn buyer(&self) -> &(UserId, String) {
        &self.all[self.all.len() - 1]
    }

    /// Who sells the tickets of show number `show`: one after the other. That a seller's tickets
    /// come together also keeps the index by seller quick.
    pub(super) fn seller_of(&self, show: usize) -> UserId {
        self.all[show % self.all.len().div_ceil(3)].0
    }

    /// Anybody but `seller`.
    pub(super) fn buyer_from(&self, seller: UserId, dice: &mut Dice) -> UserId {
        let (anybody, _) = dice.pick(&self.all);
        if *anybody == seller { self.buyer().0 } else { *anybody }
    }
}

/// Signs up `count` people whose addresses carry numbers nobody has had before.
pub(super) async fn sign_up(auth: &Auth, count: u32, dice: &mut Dice) -> anyhow::Result<People> {
    let known = auth.count_users().await?;
    let password =
        password().map_err(|error| anyhow!("there are no random bytes for a password: {error}"))?;
    let progress = Progress::new("people", u64::from(count));
    let addresses: Vec<_> = (0..i64::from(count))
        .map(|index| {
            let (first, last) = (dice.pick(&FIRST), dice.pick(&LAST));
            format!("{first}.{last}.{}@demo.example", known + index + 1)
        })
        .collect();
    let mut all = Vec::with_capacity(addresses.len());
    for batch in addresses.chunks(BATCH) {
        all.extend(auth.seed_users(batch.to_vec(), &password).await?);
        progress.add(batch.len() as u64);
    }
    progress.finish();
    ensure!(all.len() >= 2, "the people of this run have all signed up before");
    Ok(People { all, password })
}

fn password() -> Result<String, getrandom::Error> {
    let mut bytes = [0; PASSWORD_LETTERS];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
