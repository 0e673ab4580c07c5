#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <ostream>

#include "cli/commands.h"
#include "cli/replay_command.h"
#include "vici/socket_path.h"

namespace espgate::host::cli {
namespace {

constexpr int exit_done = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

using Action = std::function<Expected<std::string>(const Connect&)>;

CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& help, bool& json) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_flag("--json", json, "print JSON (keys: docs/operator/cli.md)");
  return command;
}

void add_timeout(CLI::App& command, std::optional<std::uint32_t>& timeout) {
  command
      .add_option("--timeout", timeout, "seconds to wait for the outcome; without it, as long as IKE tries")
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{86400}));
}

// What the command line says. CLI11 throws on wrong usage; the exception ends in run().
struct CommandLine {
  CLI::App app{"Controls espgated, the IPsec gateway.", "espgate"};
  Connect connect{.socket = vici::default_socket_path};
  bool all = false;
  InitiateOptions initiate_options;
  WhichOptions which_options;
  ReplayOptions replay_options;
  PolicyOptions policy_options;
  Action action;

  CommandLine() {
    app.add_option("--socket", connect.socket, "control socket of the daemon")->envname("ESPGATE_SOCKET");
    app.require_subcommand(1);
    app.fallthrough();

    add_command(app, "list-sas", "list IKE SAs and Child SAs", connect.json)->callback([this] {
      action = list_sas;
    });
    add_command(app, "list-conns", "list the connections that are loaded", connect.json)->callback([this] {
      action = list_conns;
    });

    CLI::App* stats_command =
        add_command(app, "stats", "show the engine's and all other counters", connect.json);
    stats_command->add_flag("--all", all, "also the IKE and I/O counters that are zero");
    stats_command->callback([this] { action = [this](const Connect& to) { return stats(to, all); }; });

    CLI::App* initiate_command = add_command(app, "initiate", "bring a Child SA up", connect.json);
    CLI::Option_group* what = initiate_command->add_option_group("what", "what to bring up");
    what->add_option("--child", initiate_options.child, "name of the child");
    what->add_option("--ike", initiate_options.ike,
                     "name of its connection; without --child, the IKE SA alone");
    what->require_option(1, 2);
    add_timeout(*initiate_command, initiate_options.timeout);
    initiate_command->callback(
        [this] { action = [this](const Connect& to) { return initiate(to, initiate_options); }; });

    CLI::App* terminate_command = add_command(app, "terminate", "take SAs down", connect.json);
    add_which(*terminate_command, "the SAs to take down");
    add_timeout(*terminate_command, which_options.timeout);
    terminate_command->callback(
        [this] { action = [this](const Connect& to) { return terminate(to, which_options); }; });

    CLI::App* rekey_command =
        add_command(app, "rekey", "replace SAs by new ones with new keys", connect.json);
    add_which(*rekey_command, "the SAs to replace");
    rekey_command->callback(
        [this] { action = [this](const Connect& to) { return rekey(to, which_options); }; });

    add_command(app, "reload", "read the daemon's configuration file again", connect.json)->callback([this] {
      action = reload;
    });
    add_policy_lookup();
    add_replay();
  }

 private:
  void add_policy_lookup() {
    CLI::App* command =
        add_command(app, "policy-lookup", "say which policy a packet hits, and why", connect.json);
    command->add_option("--src", policy_options.source, "source address of the packet")->required();
    command->add_option("--dst", policy_options.destination, "destination address")->required();
    command->add_option("--proto", policy_options.protocol, "protocol number: 6 TCP, 17 UDP, 1 ICMP")
        ->required();
    command->add_option("--sport", policy_options.source_port,
                        "source port; without ports, a later fragment");
    command->add_option("--dport", policy_options.destination_port, "destination port");
    command->add_option("--icmp-type", policy_options.icmp_type, "of ICMP and ICMPv6, in the place of ports");
    command->add_option("--icmp-code", policy_options.icmp_code, "0 when not given");
    command->add_flag("--inbound", policy_options.inbound, "the packet came in the clear from outside");
    command->callback(
        [this] { action = [this](const Connect& to) { return policy_lookup(to, policy_options); }; });
  }

  // The only command that does not talk to the daemon.
  void add_replay() {
    CLI::App* command = add_command(
        app, "replay", "run the packets of a capture through an ESP engine (docs/operator/replay.md)",
        connect.json);
    command
        ->add_option("--engine", replay_options.engine,
                     "software, simulated (the RTL under Verilator) or xrt (a card)")
        ->check(CLI::IsMember(replay_engines()));
    command->add_option("--direction", replay_options.direction, "outbound protects, inbound decrypts")
        ->required()
        ->check(CLI::IsMember({"outbound", "inbound"}));
    command->add_option("--sas", replay_options.sas, "output of 'ip xfrm state', Wireshark's esp_sa, or JSON")
        ->required();
    command->add_option("--in", replay_options.in, "capture to read, pcap or pcapng")->required();
    command->add_option("--out", replay_options.out, "capture to write, pcap of bare IP packets")->required();
    command->add_option("--trace", replay_options.trace, "FST waveform of the simulated engine");
    command->add_option("--device", replay_options.device, "XRT's index of the card, or its PCIe address");
    command->add_option("--xclbin", replay_options.xclbin, "the card's image");
    command->add_flag("--esn", replay_options.esn, "the SAs of an esp_sa table have ESN");
    command->add_flag("--transport", replay_options.transport,
                      "the SAs of an esp_sa table are of transport mode");
    command->callback(
        [this] { action = [this](const Connect& to) { return replay(replay_options, to.json); }; });
  }

  void add_which(CLI::App& command, const std::string& help) {
    CLI::Option_group* which = command.add_option_group("which", help);
    which->add_option("--ike", which_options.ike, "IKE SAs of this connection");
    which->add_option("--child", which_options.child, "Child SAs of this name");
    which->add_option("--ike-id", which_options.ike_id, "the IKE SA with this number");
    which->add_option("--child-id", which_options.child_id, "the Child SA with this number");
    which->require_option(1, 2);
  }
};

}  // namespace

int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err) {
  CommandLine line;
  try {
    std::ranges::reverse(arguments);  // CLI11 takes them from the back
    line.app.parse(std::move(arguments));
  } catch (const CLI::ParseError& wrong) {
    return line.app.exit(wrong, out, err) == 0 ? exit_done : exit_usage;
  }
  const auto result = line.action(line.connect);
  if (!result) {
    err << "espgate: " << result.error().message << "\n";
    return exit_failed;
  }
  out << *result << std::flush;
  return out.good() ? exit_done : exit_failed;
}

}  // namespace espgate::host::cli
