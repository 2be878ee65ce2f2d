//! `.env.vault`: settings that may be committed, because they are encrypted. The format is
//! dotenv-vault's (<https://www.dotenv.org/docs/security/env-vault>): for each environment a line
//! `DOTENV_VAULT_PRODUCTION="…"`, which holds the text of a `.env` under AES-256-GCM as base64 of
//! the nonce (12 bytes), the ciphertext and the tag (16 bytes). Who has the `DOTENV_KEY` of an
//! environment,
//! `dotenv://:key_<64 hexadecimal digits>@dotenv.org/vault/.env.vault?environment=production`,
//! can read it; several keys, divided by commas, are tried in their order, so that a key can be
//! exchanged while both are in use.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::environment::{self, ENV_FILE, EnvironmentError};

/// The encrypted file.
pub const VAULT_FILE: &str = ".env.vault";

/// The variable that holds the keys.
pub const KEY_VARIABLE: &str = "DOTENV_KEY";

const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;

const HEADER: &str = "\
# Settings, encrypted by `ticketing config encrypt`. This file may be committed; the DOTENV_KEY that
# opens it must not.
";

/// Why `.env.vault` can't be opened or made. No message holds a key, or what it protects.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is a key, but no file that can be read.
    #[error("DOTENV_KEY is set, but {VAULT_FILE} can't be read: {0}")]
    Unreadable(#[source] io::Error),
    /// The key isn't one.
    #[error(
        "DOTENV_KEY (key {0} of {1}) is not dotenv://:key_<64 hexadecimal digits>\
         @dotenv.org/vault/.env.vault?environment=<name>"
    )]
    NotAKey(usize, usize),
    /// The file holds nothing for the key's environment.
    #[error("{VAULT_FILE} has no DOTENV_VAULT_{0}, which DOTENV_KEY names")]
    NoEnvironment(String),
    /// The file's line is damaged.
    #[error("{VAULT_FILE}: DOTENV_VAULT_{0} is damaged: it is not base64 of an encrypted text")]
    Damaged(String),
    /// The key is another one's.
    #[error("DOTENV_KEY does not open DOTENV_VAULT_{0} of {VAULT_FILE}; was the key exchanged?")]
    WrongKey(String),
    /// An environment's name that no variable could have.
    #[error("--environment must be letters, digits and _, such as production")]
    BadName,
    /// There is nothing to encrypt.
    #[error("there is no {ENV_FILE} to encrypt")]
    NoEnvFile,
    /// It is there but can't be read.
    #[error(transparent)]
    EnvFile(Box<EnvironmentError>),
    /// A line of it would be lost.
    #[error("{ENV_FILE} line {0} is not KEY=value")]
    Malformed(usize),
    /// The system has no random bytes, or the cipher refuses the text.
    #[error("can't encrypt: {0}")]
    Encrypt(String),
    /// It can't be written.
    #[error("can't write {VAULT_FILE}: {0}")]
    Unwritable(#[source] io::Error),
}

/// What a key has opened.
#[derive(Debug)]
pub struct Opened {
    /// The environment, such as `production`.
    pub environment: String,
    /// The text of its `.env`.
    pub text: String,
}

struct Key {
    secret: [u8; KEY_BYTES],
    /// As it stands behind `DOTENV_VAULT_`.
    environment: String,
}

/// Opens `vault`, the text of `.env.vault`, with the first of `keys` (divided by commas) that fits.
///
/// # Errors
/// What the first key stumbled over, when none fits.
pub fn open(vault: &str, keys: &str) -> Result<Opened, VaultError> {
    let keys: Vec<&str> = keys.split(',').map(str::trim).collect();
    let mut first_error = None;
    for (index, text) in keys.iter().enumerate() {
        let opened = Key::parse(text)
            .ok_or(VaultError::NotAKey(index + 1, keys.len()))
            .and_then(|key| key.open(vault));
        match opened {
            Ok(opened) => return Ok(opened),
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    Err(first_error.unwrap_or(VaultError::NotAKey(1, 1)))
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let (user, rest) = text.strip_prefix("dotenv://")?.split_once('@')?;
        let digits = user.split_once(':')?.1.strip_prefix("key_")?;
        let query = rest.split_once('?')?.1;
        let name = query.split('&').find_map(|pair| pair.strip_prefix("environment="))?;
        Some(Self { secret: from_hex(digits)?, environment: variable_part(name)? })
    }

    fn open(&self, vault: &str) -> Result<Opened, VaultError> {
        let name = &self.environment;
        let encrypted = find(vault, name).ok_or_else(|| VaultError::NoEnvironment(name.clone()))?;
        let damaged = || VaultError::Damaged(name.clone());
        let bytes = STANDARD.decode(encrypted).map_err(|_| damaged())?;
        let (nonce, encrypted) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| damaged())?;
        let text = Aes256Gcm::new(&self.secret.into()).decrypt(&nonce, encrypted);
        let text = text.map_err(|_| VaultError::WrongKey(name.clone()))?;
        let text = String::from_utf8(text).map_err(|_| damaged())?;
        Ok(Opened { environment: name.to_lowercase(), text })
    }

    fn encrypt(&self, text: &str) -> Result<String, VaultError> {
        let mut nonce = [0; NONCE_BYTES];
        random(&mut nonce)?;
        let encrypted = Aes256Gcm::new(&self.secret.into())
            .encrypt(&nonce.into(), text.as_bytes())
            .map_err(|error| VaultError::Encrypt(error.to_string()))?;
        Ok(STANDARD.encode([&nonce[..], &encrypted].concat()))
    }

    fn uri(&self) -> String {
        let mut digits = String::new();
        for byte in self.secret {
            // writing to a string can't fail
            let _written = write!(digits, "{byte:02x}");
        }
        let environment = self.environment.to_lowercase();
        format!("dotenv://:key_{digits}@dotenv.org/vault/.env.vault?environment={environment}")
    }
}

/// Encrypts `.env` of `folder` into its `.env.vault` for `environment`, under a new key; answers
/// the key. What the vault holds for other environments stays.
///
/// # Errors
/// [`VaultError`]; then the vault is as it was.
pub fn encrypt(folder: &Path, environment: &str) -> Result<String, VaultError> {
    let name = variable_part(environment).ok_or(VaultError::BadName)?;
    let text = environment::read(&folder.join(ENV_FILE));
    let text = text.map_err(|error| VaultError::EnvFile(Box::new(error)))?;
    let text = text.ok_or(VaultError::NoEnvFile)?;
    if let Some((line, _)) = environment::parse(&text).malformed.first() {
        return Err(VaultError::Malformed(*line));
    }
    let mut key = Key { secret: [0; KEY_BYTES], environment: name };
    random(&mut key.secret)?;
    let path = folder.join(VAULT_FILE);
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => HEADER.to_owned(),
        Err(error) => return Err(VaultError::Unreadable(error)),
    };
    let vault = with_line(&before, &key.environment, &key.encrypt(&text)?);
    let draft = folder.join(format!("{VAULT_FILE}.new"));
    std::fs::write(&draft, vault)
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(VaultError::Unwritable)?;
    Ok(key.uri())
}

/// The value of `DOTENV_VAULT_<name>`.
fn find<'a>(vault: &'a str, name: &str) -> Option<&'a str> {
    vault.lines().find_map(|line| Some(value_of(line, name)?.trim().trim_matches(['"', '\''])))
}

fn value_of<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    line.strip_prefix("DOTENV_VAULT_")?.strip_prefix(name)?.trim_start().strip_prefix('=')
}

/// `vault` with `encrypted` for `name`, in the place of what it had for it.
fn with_line(vault: &str, name: &str, encrypted: &str) -> String {
    let mut text = String::new();
    for line in vault.lines().filter(|line| value_of(line, name).is_none()) {
        text.push_str(line);
        text.push('\n');
    }
    text + &format!("DOTENV_VAULT_{name}=\"{encrypted}\"\n")
}

/// The name of an environment as it stands in a variable's name.
fn variable_part(environment: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = !environment.is_empty() && environment.chars().all(fits);
    is_name.then(|| environment.to_uppercase())
}

fn from_hex(digits: &str) -> Option<[u8; KEY_BYTES]> {
    let is_key = digits.len() == 2 * KEY_BYTES && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let mut secret = [0; KEY_BYTES];
    for (index, byte) in secret.iter_mut().enumerate().filter(|_| is_key) {
        *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).ok()?;
    }
    is_key.then_some(secret)
}

fn random(bytes: &mut [u8]) -> Result<(), VaultError> {
    getrandom::fill(bytes).map_err(|error| VaultError::Encrypt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's `cryptography` 48: `AESGCM(bytes(range(32))).encrypt(bytes(range(12)),
    /// b"CURRENCY=GBP\n", None)`, so that it isn't only our own work that we can read.
    const FOREIGN: &str = "AAECAwQFBgcICQoLBFeESYCrgUKwBtXbu2vNBntBDpDKY9y/3Fb7SW4=";

    fn key(first: u8, environment: &str) -> String {
        let digits: String = (0..32).map(|n| format!("{:02x}", n + first)).collect();
        format!("dotenv://:key_{digits}@dotenv.org/vault/.env.vault?environment={environment}")
    }

    fn error(vault: &str, keys: &str) -> String {
        let error = open(vault, keys).unwrap_err().to_string();
        assert!(!error.contains("000102"), "{error}");
        error
    }

    #[test]
    fn a_vault_made_elsewhere_is_opened() {
        let vault = format!("#/ comment\nDOTENV_VAULT_PRODUCTION=\"{FOREIGN}\"\n");
        let opened = open(&vault, &key(0, "production")).unwrap();
        assert_eq!(
            (opened.environment.as_str(), opened.text.as_str()),
            ("production", "CURRENCY=GBP\n")
        );
    }

    #[test]
    fn keys_are_tried_in_their_order() {
        let vault = format!("DOTENV_VAULT_PRODUCTION={FOREIGN}\n");
        let (old, new) = (key(7, "production"), key(0, "production"));
        assert!(open(&vault, &format!("{old}, {new}")).is_ok());
        assert!(open(&vault, &format!("nonsense,{new}")).is_ok());
        assert!(error(&vault, &format!("{old},nonsense")).contains("does not open"));
    }

    #[test]
    fn what_does_not_fit_is_named_without_its_secret() {
        let vault = format!("DOTENV_VAULT_PRODUCTION=\"{FOREIGN}\"\nDOTENV_VAULT_CI=\"AAAA\"\n");
        let short = key(0, "production").replacen("1f@", "@", 1);
        let no_hex = key(0, "production").replacen("1f@", "xx@", 1);
        let nameless = key(0, "production").replace("environment=", "env=");
        for bad in ["", "key_00", &short, &no_hex, &nameless, &key(0, "../etc")] {
            assert!(error(&vault, bad).contains("(key 1 of 1) is not dotenv://"), "{bad}");
        }
        assert!(error(&vault, &key(0, "staging")).contains("has no DOTENV_VAULT_STAGING"));
        assert!(error(&vault, &key(0, "prod")).contains("has no DOTENV_VAULT_PROD,"));
        assert!(error(&vault, &key(0, "ci")).contains("DOTENV_VAULT_CI is damaged"));
        assert!(error(&vault, &key(1, "production")).contains("does not open"));
        let altered = vault.replacen("AAEC", "AAED", 1);
        assert!(error(&altered, &key(0, "production")).contains("does not open"));
    }

    #[test]
    fn what_is_encrypted_is_read_again_and_neighbours_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let write = |text: &str| std::fs::write(path.join(ENV_FILE), text).unwrap();
        let vault = || std::fs::read_to_string(path.join(VAULT_FILE)).unwrap();
        assert!(matches!(encrypt(path, "ci"), Err(VaultError::NoEnvFile)));
        write("CURRENCY=CHF\nTOKEN='öl # no comment'\n");
        assert!(matches!(encrypt(path, "a b"), Err(VaultError::BadName)));
        let production = encrypt(path, "production").unwrap();
        assert!(!vault().contains("CHF"));
        write("CURRENCY=USD\n");
        let ci = encrypt(path, "ci").unwrap();
        let text = |key: &str| open(&vault(), key).unwrap().text;
        assert_eq!(text(&production), "CURRENCY=CHF\nTOKEN='öl # no comment'\n");
        assert_eq!(text(&ci), "CURRENCY=USD\n");
        let exchanged = encrypt(path, "Production").unwrap();
        assert_eq!(text(&exchanged), "CURRENCY=USD\n");
        assert!(matches!(open(&vault(), &production), Err(VaultError::WrongKey(_))));
        assert_eq!(vault().matches("DOTENV_VAULT_PRODUCTION=").count(), 1);
        write("CURRENCY=USD\nnone\n");
        assert!(matches!(encrypt(path, "ci"), Err(VaultError::Malformed(2))));
    }
}
