# SPDX-License-Identifier: GPL-2.0-or-later
# Looked at before `vagrant up` starts anything: what is missing is told at once.

require "socket"

module PGSR
  # A check raises WrongSetting; a machine that exists already is not asked again.
  module Preflight
    COMMANDS = %w[up provision reload].freeze
    OVERHEAD_MIB = 256 # of a virtual machine's process, beside the machine's own memory
    PING_TIMEOUT_S = "1"

    module_function

    def check(settings, argv)
      return unless COMMANDS.include?(argv.find { |word| !word.start_with?("-") })

      check_unchanged(Settings.recorded)
      check_provider(wanted_provider(argv))
      check_packages(settings)
      return if settings.addresses.keys.any? { |name| exists?(name) }

      check_memory(settings)
      check_addresses(settings)
      settings.record
    end

    def check_unchanged(recorded)
      differing = recorded.reject { |name, text| ENV.fetch(name, text) == text }
      return if differing.empty?

      raise WrongSetting, "the machines that exist were made with " \
                          "#{differing.map { |pair| pair.join('=') }.join(' ')}: leave that, " \
                          "or `vagrant destroy -f` first."
    end

    def wanted_provider(argv)
      given = argv.each_cons(2).find { |option, _| option == "--provider" }&.last
      given ||= argv.grep(/\A--provider=/).first&.split("=", 2)&.last
      given || ENV["VAGRANT_DEFAULT_PROVIDER"]
    end

    def check_provider(provider)
      usable = { "libvirt" => libvirt?, "virtualbox" => virtualbox? }
      return if provider ? usable.fetch(provider, false) : usable.values.any?

      raise WrongSetting, <<~TEXT
        no provider#{" #{provider}" if provider} that these machines can use. Install one:
          libvirt      the plugin vagrant-libvirt, and a running libvirtd that you may use
                       (Debian: apt install vagrant-libvirt libvirt-daemon-system qemu-system-x86;
                       then add yourself to the group libvirt and log in again)
          VirtualBox   VBoxManage in the search path
        Then `vagrant up --provider=libvirt` or `--provider=virtualbox`.
      TEXT
    end

    def libvirt?
      # Without virsh nobody can tell, and the plugin may work.
      Vagrant.has_plugin?("vagrant-libvirt") &&
        said("virsh", "--connect", uri, "version") != false
    end

    def uri
      ENV.fetch("LIBVIRT_DEFAULT_URI", "qemu:///system")
    end

    def virtualbox?
      answers?("VBoxManage", "--version")
    end

    # Whether a box takes DEB or RPM is known only when it runs.
    def check_packages(settings)
      missing = PACKAGES.keys - settings.packages.keys
      return if missing.empty?

      raise WrongSetting, "the directory dist has no #{missing.join(' and no ')} of this " \
                          "version of the agent: run `make packages` first."
    end

    def check_memory(settings)
      free_mib = free_memory_mib
      wanted_mib = settings.count * (settings.memory_mib + OVERHEAD_MIB)
      return if free_mib.nil? || free_mib >= wanted_mib

      raise WrongSetting, "#{settings.count} machines need #{wanted_mib} MiB of memory and " \
                          "#{free_mib} MiB are free: end something, or set PGSR_MEMORY (MiB for " \
                          "each, 768 are enough for Debian) or PGSR_NODES."
    end

    # nil where the system does not say.
    def free_memory_mib
      line = File.foreach("/proc/meminfo").find { |text| text.start_with?("MemAvailable:") }
      line && line.split[1].to_i / 1024
    rescue SystemCallError
      nil
    end

    # An address that no interface of this host leads to is not asked: the question would
    # leave the host.
    def check_addresses(settings)
      return unless interfaces.any? { |address| address.start_with?("#{settings.network}.") }

      wanted = [settings.virtual_address, *settings.addresses.values]
      used = wanted.select { |address| interfaces.include?(address) || pinged?(address) }
      return if used.empty?

      raise WrongSetting, "#{used.join(', ')} answer already on the network " \
                          "#{settings.network}.0/#{PREFIX_LENGTH}: another cluster may run. End " \
                          "it, or set PGSR_NETWORK to another range, like 192.168.57."
    end

    def interfaces
      Socket.getifaddrs.map(&:addr).compact.select(&:ipv4?).map(&:ip_address)
    end

    def pinged?(address)
      answers?("ping", "-c", "1", "-W", PING_TIMEOUT_S, address)
    end

    def exists?(name)
      Dir.glob("#{DATA}/machines/#{name}/*/id").any?
    end

    def answers?(*command)
      said(*command) == true
    end

    # Whether a command succeeds; nil when there is none of that name.
    def said(*command)
      system(*command, out: File::NULL, err: File::NULL)
    end
  end
end
