//! The controller without a server: what always holds, recorded traces, and a simulation of server and clients.

mod controller;
mod simulation;
