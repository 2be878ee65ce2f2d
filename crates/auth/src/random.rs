//! The operating system's random source.

/// There was no randomness to be had.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness: {0}")]
pub(crate) struct NoRandomness(getrandom::Error);

/// `N` bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}
