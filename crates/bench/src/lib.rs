//! What a run of the benchmark finds, and how it is shown. The program beside it measures.

pub mod report;
pub mod results;
