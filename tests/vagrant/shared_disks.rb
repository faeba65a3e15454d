# SPDX-License-Identifier: GPL-2.0-or-later
# Disks that several machines share, which no provider of Vagrant makes by itself.

module PGSR
  # Attaches the shared disks to machines of VirtualBox.
  module VirtualBox
    CONTROLLER = ENV.fetch("PGSR_VBOX_CONTROLLER", "SATA Controller")

    module_function

    # Only the first machine makes them: VirtualBox brings machines up one by one.
    def shared_disks(virtualbox, settings, first:)
      settings.shared_disks.each_with_index do |disk, index|
        file = File.join(DATA, disk.file.sub(/img\z/, "vdi"))
        create(virtualbox, file, disk.size_mib) if first && !File.exist?(file)
        virtualbox.customize [
          "storageattach", :id, "--storagectl", CONTROLLER, "--port", (index + 1).to_s,
          "--device", "0", "--type", "hdd", "--medium", file, "--mtype", "shareable"
        ]
      end
    end

    def create(virtualbox, file, size_mib)
      virtualbox.customize [
        "createmedium", "disk", "--filename", file, "--variant", "Fixed", "--format", "VDI",
        "--size", size_mib.to_s
      ]
      virtualbox.customize ["modifymedium", "disk", file, "--type", "shareable"]
    end
  end

  # The volumes of libvirt outlive their machines, because each machine found them there.
  module SharedDisks
    module_function

    def remove_when_unused(settings)
      return if settings.addresses.keys.any? { |name| Preflight.exists?(name) }

      FileUtils.rm_f(RECORD)
      return unless Preflight.libvirt?

      settings.shared_disks.each do |disk|
        system("virsh", "--connect", Preflight.uri, "vol-delete", "--pool", "default", disk.file,
               out: File::NULL, err: File::NULL)
      end
    end
  end
end
