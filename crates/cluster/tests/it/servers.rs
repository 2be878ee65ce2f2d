//! The real servers, on ports of their own, so that nobody else's tests notice.

use std::net::TcpListener;

use cluster::{Found, Server, Servers};
use testkit::OwnServers;

#[test]
fn each_server_is_started_killed_and_started_again() {
    let own = OwnServers::new();
    let servers = &own.servers;
    for server in Server::ALL {
        assert_eq!(servers.look(server), Found::Nobody);
        servers.start(server).unwrap();
        let Found::Ours(first) = servers.look(server) else { panic!("{server:?}") };
        servers.start(server).unwrap();
        assert_eq!(servers.look(server), Found::Ours(first), "it goes on");
        assert!(servers.kill(server).unwrap());
        assert_eq!(servers.look(server), Found::Nobody);
        assert!(!servers.kill(server).unwrap());
        servers.start(server).unwrap();
        assert!(servers.is_ready(server));
        assert!(servers.stop(server).unwrap());
        assert_eq!(servers.look(server), Found::Nobody);
        servers.start(server).unwrap();
    }
    // all of them at once, as a machine's end would
    for server in Server::ALL {
        assert!(servers.kill(server).unwrap());
    }
    for server in Server::ALL {
        servers.launch(server).unwrap();
    }
    for server in Server::ALL {
        servers.wait_ready(server).unwrap();
    }
}

#[test]
fn a_strangers_server_is_used_and_never_stopped() {
    let own = OwnServers::new();
    own.servers.start(Server::Redis).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let others = Servers::new(folder.path(), own.ports);
    assert_eq!(others.look(Server::Redis), Found::Strangers);
    let error = others.start(Server::Redis).unwrap_err();
    assert!(format!("{error:#}").contains("is another program's"), "{error:#}");
    assert!(!others.stop(Server::Redis).unwrap());
    assert!(!others.kill(Server::Redis).unwrap());
    assert!(own.servers.is_ready(Server::Redis));
}

#[test]
fn another_program_on_the_port_is_told_from_a_server() {
    let own = OwnServers::new();
    let taken = TcpListener::bind(("127.0.0.1", own.ports.redis)).unwrap();
    std::thread::spawn(move || taken.incoming().for_each(drop));
    assert_eq!(own.servers.look(Server::Redis), Found::Occupied);
}

#[test]
fn the_folder_is_for_one_at_a_time() {
    let own = OwnServers::new();
    let held = own.servers.lock().unwrap();
    let others = own.servers.clone();
    let waiting = std::thread::spawn(move || others.lock().map(drop));
    assert!(!waiting.is_finished());
    drop(held);
    waiting.join().unwrap().unwrap();
}

#[test]
fn tests_learn_where_everything_is() {
    let own = OwnServers::new();
    std::fs::create_dir_all(own.servers.folder()).unwrap();
    let file = own.servers.write_environment().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let names: Vec<_> = text.lines().map(|line| line.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["POSTGRES_URL", "REDIS_URL", "AMQP_URL", "AMQP_MANAGEMENT_URL", "NGINX"]);
    let port = own.ports.postgres;
    let line = format!("POSTGRES_URL=postgres://ticketing:ticketing@127.0.0.1:{port}\n");
    assert!(text.starts_with(&line), "{text}");
}
