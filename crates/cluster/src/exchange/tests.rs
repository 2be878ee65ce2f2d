//! Where processes are, and what they are told.

use super::*;

fn cluster(folder: &Path) -> Cluster {
    let backends = Backends {
        postgres: "postgres://u:p@h:1".to_owned(),
        database: "try".to_owned(),
        amqp: "amqp://u:p@h:2".to_owned(),
        amqp_management: "http://u:p@h:3".to_owned(),
        virtual_host: "try".to_owned(),
        redis: "redis://h:4".to_owned(),
        redis_prefix: "try:".to_owned(),
    };
    let options = ClusterOptions {
        folder: folder.to_owned(),
        replicas: 2,
        first_port: Some(8101),
        listen: None,
        backends,
        settings: vec![("RUST_LOG".to_owned(), "debug,orders=trace".to_owned())],
    };
    let key = random_key().unwrap();
    Cluster { record: Record { options, binary: "/b".to_owned(), first_port: 8101, key } }
}

#[test]
fn a_cluster_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Cluster::at(folder.path()).is_err());
    let cluster = cluster(folder.path());
    cluster.record.write().unwrap();
    let again = Cluster::at(folder.path()).unwrap();
    assert_eq!(format!("{:?}", again.options()), format!("{:?}", cluster.options()));
    assert_eq!(again.record.key, cluster.record.key);
    assert_eq!(again.record.binary, "/b");
}

#[test]
fn each_process_has_its_port_and_knows_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = cluster(folder.path());
    assert_eq!(cluster.all().count(), 12);
    assert_eq!(cluster.url(), "http://127.0.0.1:8191");
    assert_eq!(cluster.service_url(Role::Orders, 1), "http://127.0.0.1:8122");
    let settings = cluster.settings(Role::Orders, 1);
    let get = |name| &*settings.iter().find(|(key, _)| *key == name).unwrap().1;
    assert_eq!(get("LISTEN"), "127.0.0.1:8122");
    assert_eq!(get("AUTH_URL"), "http://127.0.0.1:8101,http://127.0.0.1:8102");
    assert_eq!(get("DATABASE_URL"), "postgres://u:p@h:1/try");
    assert_eq!(get("AMQP_URL"), "amqp://u:p@h:2/try");
    assert_eq!(get("SERVICE_KEY").len(), 32);
}
