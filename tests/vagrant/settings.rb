# SPDX-License-Identifier: GPL-2.0-or-later
# What the environment says of the machines that the Vagrantfile makes.

require "fileutils"
require "json"
require "rubygems/package"

module PGSR
  NETMASK = "255.255.255.0"
  PREFIX_LENGTH = 24
  MODES = %w[none pgsr sync].freeze
  TOP = File.expand_path("../..", __dir__)
  DATA = File.expand_path(ENV.fetch("VAGRANT_DOTFILE_PATH", ".vagrant"), TOP)
  RECORD = "#{DATA}/pgsr.json"
  ARCHIVE = "/tmp/pgsr-provision.tar"
  ON_MACHINE = "/var/lib/pgsr-provision"
  # The agent's package of each kind, as `make packages` names it.
  PACKAGES = {
    "deb" => "resource-agents-pgsr_%s-*_all.deb",
    "rpm" => "resource-agents-pgsr-%s-*.noarch.rpm",
  }.freeze

  # Whatever a person has to mend; Vagrant prints its text and no trace.
  class WrongSetting < Vagrant::Errors::VagrantError
    def initialize(text)
      @text = text
      super()
    end

    def error_message
      "PGSR: #{@text}"
    end
  end

  SharedDisk = Struct.new(:file, :serial, :size_mib)

  DEFAULTS = {
    "PGSR_BOX" => "debian/bookworm64",
    "PGSR_MEMORY" => "1024",
    "PGSR_NODES" => "2",
    "PGSR_MODE" => "pgsr",
    "PGSR_NETWORK" => "192.168.56",
  }.freeze

  # One cluster of machines.
  Settings = Struct.new(:box, :memory_mib, :count, :mode, :network) do
    # Machines that exist keep the settings that they were made with.
    def self.of(environment)
      parsed(DEFAULTS.merge(environment.to_h.slice(*DEFAULTS.keys), recorded))
    end

    def self.recorded
      return {} if Dir.glob("#{DATA}/machines/*/*/id").empty?

      JSON.parse(File.read(RECORD))
    rescue Errno::ENOENT
      {}
    end

    def self.parsed(texts)
      new(
        texts["PGSR_BOX"],
        whole_number(texts, "PGSR_MEMORY", 512..65_536),
        whole_number(texts, "PGSR_NODES", 2..3),
        one_of(texts, "PGSR_MODE", MODES),
        prefix(texts, "PGSR_NETWORK")
      )
    end

    # For the machines' later commands, and for the tests.
    def record
      texts = [box, memory_mib, count, mode, network].map(&:to_s)
      FileUtils.mkdir_p(DATA)
      File.write(RECORD, JSON.generate(DEFAULTS.keys.zip(texts).to_h))
    end

    def self.whole_number(texts, name, range)
      text = texts[name]
      return text.to_i if text.match?(/\A\d+\z/) && range.cover?(text.to_i)

      raise WrongSetting, "#{name}=#{text}: give a number from #{range.min} to #{range.max}."
    end

    def self.one_of(texts, name, choices)
      text = texts[name]
      return text if choices.include?(text)

      raise WrongSetting, "#{name}=#{text}: give one of #{choices.join(', ')}."
    end

    def self.prefix(texts, name)
      text = texts[name]
      numbers = text.split(".", -1)
      return text if numbers.size == 3 && numbers.all? { |n| n.match?(/\A\d{1,3}\z/) && n.to_i < 256 }

      raise WrongSetting, "#{name}=#{text}: give the first three numbers of a /24 network, " \
                          "like #{DEFAULTS[name]}."
    end

    def addresses
      (1..count).to_h { |number| ["node#{number}", "#{network}.#{10 + number}"] }
    end

    def virtual_address
      "#{network}.10"
    end

    def network_name
      "pgsr-#{network}"
    end

    # The disk through which nodes fence each other, and for a stand-alone server the one
    # with its data. The name says whose they are: an address range has one cluster.
    def shared_disks
      disks = [SharedDisk.new("#{network_name}-sbd.img", "pgsr-sbd", 16)]
      disks << SharedDisk.new("#{network_name}-data.img", "pgsr-data", 1024) if mode == "none"
      disks
    end

    # The file of the package for each kind that has been built.
    def packages
      version = File.read("#{TOP}/resource-agents/lib/pgsr/__init__.py")[/^__version__ = "(.+)"/, 1]
      built = PACKAGES.transform_values do |form|
        Dir.glob("#{TOP}/dist/#{format(form, version)}").max_by { |path| File.mtime(path) }
      end
      built.compact
    end

    # The file of one archive with all that a machine needs: each file that Vagrant
    # copies takes seconds on a slow machine. Vagrant wants it there whatever it does.
    def archive
      @archive ||= written("#{DATA}/pgsr-provision.tar")
    end

    def written(file)
      FileUtils.mkdir_p(DATA)
      contents = Dir.glob("#{TOP}/tests/vagrant/provision/*.{py,json}") + packages.values
      File.open("#{file}.new", "wb") do |stream|
        Gem::Package::TarWriter.new(stream) { |tar| contents.each { |path| add(tar, path) } }
      end
      File.rename("#{file}.new", file)
      file
    end

    def add(tar, path)
      name = packages.value?(path) ? File.basename(path) : "provision/#{File.basename(path)}"
      tar.add_file_simple(name, 0o644, File.size(path)) { |entry| entry.write(File.binread(path)) }
    end

    def to_json(name)
      JSON.generate(
        packages: packages.transform_values { |path| "#{ON_MACHINE}/#{File.basename(path)}" },
        name: name, nodes: addresses, mode: mode, network: "#{network}.0/#{PREFIX_LENGTH}",
        virtual_address: virtual_address
      )
    end

    def next_commands
      <<~TEXT
        PostgreSQL runs under Pacemaker on #{addresses.keys.join(', ')}. Clients find it here:
          psql -h #{virtual_address} -U postgres
        Look, and then break something:
          vagrant ssh node1 -c 'sudo crm_mon -1Afr'    what the cluster shows
          vagrant ssh node1 -c 'sudo crm_resource --resource #{primary} --locate'
          vagrant halt --force node1                   as if its power were cut
          vagrant up node1                             and back
          make vm-demo                                 a failover, with its times
          make vm-logs                                 all logs of the machines, in dist
          vagrant destroy -f                           end it
        What happens then, and why: docs/howto/virtual-machines.rst.
      TEXT
    end

    def primary
      mode == "none" ? "pgsql" : "pgsql-clone"
    end
  end
end
