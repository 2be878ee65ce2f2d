//! README's walkthrough, pasted into a shell word for word, but for the address.

use std::path::Path;
use std::process::Command;

use crate::exchange;

/// The shell blocks that README marks as walkthrough, in order.
fn walkthrough() -> String {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let marked = readme.split("<!-- walkthrough -->\n```sh\n").skip(1);
    marked.map(|block| block.split("```").next().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walkthrough_works_when_pasted() {
    let exchange = exchange(&[]);
    let address = "URL=http://127.0.0.1:8080";
    let script = walkthrough();
    assert!(script.contains(address));
    let script = script.replace(address, &format!("URL={}", exchange.url()));
    let run = Command::new("bash").args(["-euo", "pipefail", "-c", &script]).output().unwrap();
    let (out, errors) =
        (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap());
    assert!(run.status.success(), "{out}\n{errors}");
    assert_eq!(errors, "", "nothing is complained about");
    let lines: Vec<_> = out.lines().collect();
    let expected = [
        r#""title":"Nick Cave, Berlin","price":79.5,"currency":"EUR""#,
        r#""status":"created""#,
        r#""status":"captured""#,
        r#""status":"complete""#,
        r#"[{"id":"#,
        "Somebody else has reserved or bought this ticket.",
        r#""declineCode":"insufficient_funds""#,
        r#""status":"captured""#,
        "You can't order your own ticket.",
        "must have at most two decimals",
        r#"{"results":[{"id":"#,
        r#""title":"Low, Duluth","price":20,"#,
        r#""title":"Low, Duluth","price":20,"#,
        r#""title":"Nick Cave, Berlin","#,
        r#""title":"Low, Duluth","price":20},"#,
        r#""title":"Arlo Parks, Lyon","price":35,"#,
        r#""title":"Arlo Parks, Lyon","price":35,"#,
    ];
    assert_eq!(lines.len(), expected.len(), "{out}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.contains(expected), "`{expected}` is not in `{line}`");
    }
    let [.., first, again] = &lines[..] else { panic!("{out}") };
    assert_eq!(first, again, "a repeated request gets the first answer");
}
